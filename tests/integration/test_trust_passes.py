"""Kernels and orchestrations that work in a simulator alone: each is named, none passes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import GraphError, KernelFault, OrchestrationError, Settings, run_case

if TYPE_CHECKING:
    from pytest_a2a3sim.model.values import Threads
    from tests.golden_dirs import GoldenDir

FINISH = "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
ADD = "runtime->add_task(task, 3, 0, CoreType::AIV);\n"
DOUBLE = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];\n"


@pytest.mark.parametrize(
    ("write", "offset"),
    [
        # The upper half of a small number is zeros or ones.
        pytest.param("reinterpret_cast<int64_t*>(y + 7)[0] = 14;", 32, id="int64-positive"),
        pytest.param("reinterpret_cast<int64_t*>(y + 7)[0] = -14;", 32, id="int64-negative"),
        pytest.param("reinterpret_cast<char*>(y)[32] = 0;", 32, id="zero"),
        pytest.param("reinterpret_cast<char*>(y)[33] = -1;", 33, id="ones"),
        pytest.param("reinterpret_cast<char*>(y)[34] = 0x3b;", 34, id="other-poison"),
        pytest.param("y[8] = x[8];", 32, id="neighbour's"),
        pytest.param("y[-1] = x[-1];", -4, id="neighbour's-before"),
    ],
)
def test_write_next_to_a_buffer_shows(golden_dir: GoldenDir, write: str, offset: int) -> None:
    golden_dir.kernel_body(f"{DOUBLE}{write}")
    with pytest.raises(KernelFault, match="device buffer #1") as caught:
        run_case(golden_dir.path)
    culprit = caught.value.culprit
    assert culprit.buffer == 1
    assert culprit.offset is not None
    assert offset <= culprit.offset < offset + 8


@pytest.mark.parametrize("threads", [1, 2, "cores"])
def test_argument_that_was_not_passed_is_no_neighbours(
    golden_dir: GoldenDir, threads: Threads
) -> None:
    golden_dir.kernel_body(
        """\
        const int64_t n = args[2];
        const bool twice = args[3] != 0;  // HERE
        for (int64_t i = 0; i < n; ++i) y[i] = twice ? 2 * x[i] : x[i];"""
    )
    golden_dir.orchestration_body(f"{ADD}{ADD}{FINISH}")
    with pytest.raises(
        KernelFault, match=r"read args\[3\], which was not passed .*\n  the task has 3 arguments"
    ) as caught:
        run_case(golden_dir.path, settings=Settings(threads=threads))
    source = (golden_dir.path / "kernels" / "double.cpp").read_text().splitlines()
    assert caught.value.culprit.line is not None
    assert "// HERE" in source[caught.value.culprit.line - 1]
    assert re.search(r"args\[2\] = 8", str(caught.value))


def test_every_argument_that_was_passed_is_there(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body(
        f"for (int i = 3; i < 16; ++i) if (args[i] != i) std::abort();\n{DOUBLE}"
    )
    golden_dir.orchestration_body(
        """\
        uint64_t all[16] = {task[0], task[1], task[2]};
        for (uint64_t i = 3; i < 16; ++i) all[i] = i;
        runtime->add_task(all, 16, 0, CoreType::AIV);
        """
        + FINISH
    )
    assert run_case(golden_dir.path).passed


@pytest.mark.parametrize(
    ("pointer", "what"),
    [
        pytest.param("new int64_t(8)", r"(heap|memory of the host)", id="heap"),
        pytest.param("new char[1 << 26]", r"memory of the host \(malloc", id="large"),
        pytest.param("args", r"(heap|stack|memory of the host)", id="arguments"),
        pytest.param("&api", r"(heap|stack|memory of the host)", id="api"),
        pytest.param("task", r"the host's stack", id="stack"),
        pytest.param("&initialised", r"static memory of the host", id="data"),
        pytest.param("&zero", r"static memory of the host", id="bss"),
        pytest.param('"a text"', r"static memory of the host", id="constant"),
    ],
)
def test_host_address_in_an_argument_is_named(
    golden_dir: GoldenDir, pointer: str, what: str
) -> None:
    golden_dir.orchestration_body(
        f"""\
        static int initialised = 5;
        static int zero[4096];
        (void)initialised, (void)zero;
        {ADD}
        task[2] = reinterpret_cast<uint64_t>({pointer});
        """
        + ADD
        + FINISH
    )
    golden_dir.kernel_body("for (int64_t i = 0; i < 8; ++i) y[i] = 2 * x[i];")
    with pytest.raises(GraphError, match=rf"args\[2\] of task 1 \(double\) .* {what}") as caught:
        run_case(golden_dir.path)
    assert caught.value.culprit.task == 1


def test_number_that_looks_like_the_engines_memory_is_a_number(golden_dir: GoldenDir) -> None:
    """Half a pointer may be left over in the upper half of a float's 64 bits."""
    golden_dir.orchestration_body(
        f"""\
        FILE* const maps = fopen("/proc/self/maps", "r");
        unsigned long address = 0, shared = 0;
        for (char line[512]; fgets(line, sizeof line, maps) != nullptr;) {{
            if (sscanf(line, "%lx-", &address) == 1 && strstr(line, "/dev/zero")) shared = address;
        }}
        fclose(maps);
        if (shared == 0) return -1;
        {ADD}
        task[2] = shared;
        """
        + ADD
        + FINISH
    )
    golden_dir.kernel_body("for (int64_t i = 0; i < 8; ++i) y[i] = 2 * x[i];")
    assert run_case(golden_dir.path).passed


@pytest.mark.parametrize(
    "value",
    [
        *("0", "1", "~0ull", "1ull << 63", "0x3f8000003f800000ull", "0x00007fff00007fffull"),
        *("0x0000555500000001ull", "1ull << 46", "0x7fffffffffffull", "0x400000", "args[0]"),
        "0x4330000000000000ull",
    ],
)
def test_number_that_looks_like_an_address_is_none(golden_dir: GoldenDir, value: str) -> None:
    golden_dir.orchestration_body(
        f"uint64_t more[] = {{task[0], task[1], task[2], {value}}};\n"
        f"runtime->add_task(more, 4, 0, CoreType::AIV);\n{FINISH}"
    )
    assert run_case(golden_dir.path).passed


@pytest.mark.parametrize(
    ("access", "verb"),
    [
        pytest.param("memcpy(x, host_x, args[2]);", "wrote to", id="writes"),
        pytest.param("if (*static_cast<float*>(x) > 0) return -1;", "read", id="read"),
        pytest.param("api.copy_to_device(y, x, 32);", "read", id="device-to-device"),
    ],
)
def test_host_cannot_reach_device_memory(golden_dir: GoldenDir, access: str, verb: str) -> None:
    golden_dir.orchestration_body(f"{access}\n{ADD}{FINISH}")
    with pytest.raises(
        OrchestrationError,
        match=rf"the orchestration {verb} device buffer #0, which the host cannot reach .*\n"
        r"  address 0x\w+: at byte 0 of .*\n  use copy_to_device or copy_from_device",
    ) as caught:
        run_case(golden_dir.path)
    assert caught.value.culprit.buffer == 0
    assert caught.value.culprit.line is not None


def test_device_memory_keeps_what_is_copied_in_parts(golden_dir: GoldenDir) -> None:
    """Also among buffers that share regions, and what was never copied is still poison."""
    golden_dir.orchestration_body(
        f"""\
        unsigned char bytes[12], back[12];
        void* last = nullptr;
        for (int i = 0; i < 8300; ++i) {{
            last = api.device_malloc(12);
            if (i % 100 == 0) {{
                memset(bytes, i % 251, 12);
                api.copy_to_device(static_cast<char*>(last) + 4, bytes, 4);
                api.copy_from_device(back, last, 12);
                if (back[3] != 0xff || back[4] != i % 251 || back[8] != 0xff) return -1;
            }}
            if (i % 7 == 0) api.device_free(last);
        }}
        {ADD}{FINISH}"""
    )
    assert run_case(golden_dir.path).passed


def test_address_in_a_library_is_a_number(golden_dir: GoldenDir) -> None:
    """A float in a union with a uint64_t has half a pointer behind it, now and then such a one."""
    golden_dir.orchestration_body(
        ADD
        + "task[2] = reinterpret_cast<uint64_t>(&std::abort);\n"
        + "runtime->add_successor(0, runtime->add_task(task, 3, 0, CoreType::AIV));\n"
        + FINISH
    )
    golden_dir.orchestration(
        "#include <cstdlib>\n" + (golden_dir.path / "kernels" / "orchestration.cpp").read_text()
    )
    golden_dir.kernel_body("for (int64_t i = 0; i < 8; ++i) y[i] = 2 * x[i];")
    assert run_case(golden_dir.path).passed
