"""Memory faults beyond the small cases: many buffers, several threads, alignment that is needed."""

from __future__ import annotations

import json
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import KernelException, KernelFault, OutOfMemory, Settings, run_case
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterator

FINISH = """\
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;"""

# The third argument of task 0 is the address of the last of `count` buffers of 12 bytes.
MANY_BUFFERS = """\
void* last = nullptr;
for (int i = 0; i < {count}; ++i) last = api.device_malloc(12);
{more}
task[2] = reinterpret_cast<uint64_t>(last);
runtime->add_task(task, 3, 0, CoreType::AIV);
"""


@pytest.mark.parametrize("count", [10, 8192, 9000])
@pytest.mark.parametrize(("index", "offset"), [(12, 12), (-1, -1), (15, 15)])
def test_overrun_by_a_byte_among_many_buffers(
    golden_dir: GoldenDir, count: int, index: int, offset: int
) -> None:
    golden_dir.orchestration_body(
        MANY_BUFFERS.format(count=count, more="api.device_malloc(1);") + FINISH
    )
    golden_dir.kernel_body(f"reinterpret_cast<char*>(args[2])[{index}] = 1;")
    with pytest.raises(KernelFault) as caught:
        run_case(golden_dir.path)
    culprit = caught.value.culprit
    assert (culprit.task, culprit.kernel) == (0, "double")
    assert (culprit.buffer, culprit.offset) == (count + 1, offset)
    assert culprit.line is not None


def test_write_to_a_freed_buffer_among_many(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        MANY_BUFFERS.format(count=9000, more="api.device_free(last);") + FINISH
    )
    golden_dir.kernel_body("reinterpret_cast<char*>(args[2])[5] = 1;")
    with pytest.raises(KernelFault, match="which was freed") as caught:
        run_case(golden_dir.path)
    assert (caught.value.culprit.buffer, caught.value.culprit.offset) == (9001, 5)
    assert caught.value.culprit.task == 0


@pytest.mark.usefixtures("golden_dir")
def test_overrun_of_a_kernel_that_needs_alignment(golden_dir: GoldenDir) -> None:
    """Where the buffer cannot be moved to the edge, the task is found without the line."""
    golden_dir.orchestration_body(MANY_BUFFERS.format(count=1, more="") + FINISH)
    golden_dir.kernel_body(
        """\
        if (args[2] % 64 != 0) std::abort();
        reinterpret_cast<volatile char*>(args[2])[12] = 1;"""
    )
    with pytest.raises(KernelFault, match="wrote just past the end of device buffer #2") as caught:
        run_case(golden_dir.path)
    culprit = caught.value.culprit
    assert (culprit.task, culprit.kernel, culprit.core) == (0, "double", "AIV 2")
    assert (culprit.buffer, culprit.offset, culprit.line) == (2, 12, None)


def test_overrun_that_happens_once(golden_dir: GoldenDir) -> None:
    marker = golden_dir.path / "was-here"
    golden_dir.kernel_body(
        f"""\
        if (FILE* marker = std::fopen("{marker}", "wx")) {{
            std::fclose(marker);
            y[8] = 1;
        }}"""
    )
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <cstdio>\n{source.read_text()}")
    with pytest.raises(
        KernelFault,
        match=r"a kernel wrote just past the end of device buffer #1(.|\n)*"
        "Which task did it is unknown",
    ) as caught:
        run_case(golden_dir.path)
    assert caught.value.culprit.task is None
    assert caught.value.culprit.buffer == 1


def test_overrun_without_isolation(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("y[8] = 1;")
    with pytest.raises(KernelFault, match="just past the end of device buffer #1"):
        run_case(golden_dir.path, settings=Settings(isolate=False))


MANY_TASKS = """\
for (uint64_t id = 0; id < 64; ++id) {
    task[2] = id;
    runtime->add_task(task, 3, 0, CoreType::AIV);
}
"""


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("*reinterpret_cast<volatile int*>(8) = 1;", KernelFault),
        ("throw std::runtime_error(std::to_string(args[2]));", KernelException),
        ("if (args[2] % 2) std::abort(); throw 7;", (KernelFault, KernelException)),
        ("y[0] = deeper(1);", KernelFault),
    ],
)
def test_faults_on_several_threads_at_once(
    golden_dir: GoldenDir, body: str, error: type[Exception]
) -> None:
    """The first failure is reported, whole, whatever the other threads do."""
    golden_dir.orchestration_body(MANY_TASKS + FINISH)
    golden_dir.kernel_body(body)
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(
        "#include <string>\n"
        "__attribute__((noinline)) int deeper(int n) {\n"
        "    volatile char frame[64] = {static_cast<char>(n)};\n"
        "    return deeper(n + 1) + frame[n % 64];\n"
        f"}}\n{source.read_text()}"
    )
    with pytest.raises(error) as caught:
        run_case(golden_dir.path, settings=Settings(threads=8))
    culprit = caught.value.culprit  # type: ignore[attr-defined]
    assert culprit.task in range(64)
    assert f"args[2] = {culprit.task}\n" in str(caught.value)
    assert culprit.line is not None


def test_new_without_memory(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body(
        """\
        char* volatile memory = new char[size_t{1} << 60];
        y[0] = memory[0];"""
    )
    with pytest.raises(OutOfMemory, match=r"kernel 'double' .* ran out of host memory") as caught:
        run_case(golden_dir.path)
    assert caught.value.culprit.task == 0


@pytest.fixture
def memory_group() -> Iterator[Path]:
    """The directory of a control group whose processes have 512 MiB together."""
    for parent, limit in (
        (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes"),
        (Path("/sys/fs/cgroup"), "memory.max"),
    ):
        group = parent / f"a2a3sim-{uuid.uuid4().hex}"
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            if (group / limit).exists():
                (group / limit).write_text(str(512 << 20))
                yield group
                return
        finally:
            group.rmdir()
    pytest.skip("control groups for memory belong to root, and not to every container")


def test_exhausted_machine_ends_the_case_only(
    pytester: pytest.Pytester, doubler: GoldenDir, memory_group: Path
) -> None:
    doubler.kernel_body(
        """\
        for (int i = 0; i < 2048; ++i) {
            volatile char* const megabyte = new char[1 << 20];
            for (int j = 0; j < 1 << 20; j += 4096) megabyte[j] = 1;
        }"""
    )
    GoldenDir.create(pytester.path / "good")
    join_and_run = f'echo $$ > {memory_group}/cgroup.procs && exec "$@"'
    result = pytester.run(
        *("sh", "-c", join_and_run, "sh"),
        *(sys.executable, "-m", "pytest", "--sim-json=report.json"),
    )
    result.assert_outcomes(passed=1, failed=1)
    report = json.loads((pytester.path / "report.json").read_text())
    (failure,) = (case["failure"] for case in report["cases"] if case["failure"])
    assert failure["kind"] == "out-of-memory"
    assert failure["kernel"] == "double"
