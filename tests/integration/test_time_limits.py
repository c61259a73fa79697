"""--sim-timeout, and what hangs outside of the graph."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import GoldenError, KernelHang, OrchestrationError, Settings, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

LIMIT = Settings(threads=2, timeout=1.0)


@pytest.mark.parametrize("function", ["generate_inputs", "compute_golden"])
def test_golden_that_hangs_is_named_with_its_line(golden_dir: GoldenDir, function: str) -> None:
    golden_dir.extend_golden(
        f"""
        def {function}(*args):
            while True:
                pass
        """
    )
    with pytest.raises(
        GoldenError,
        match=rf"{function} failed for case 'default': TimeoutError\n  still running after 1 s "
        rf"\(--sim-timeout\)(.|\n)*golden.py\", line \d+, in {function}",
    ):
        run_case(golden_dir.path, settings=LIMIT)


def test_the_limit_ends_a_graph_that_gets_on(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        """\
        for (int i = 0; i < 10000; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;"""
    )
    golden_dir.kernel_body("usleep(2000);")
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <unistd.h>\n{source.read_text()}")
    with pytest.raises(
        KernelHang, match=r"the graph was still running after 1 s \(--sim-timeout\)"
    ):
        run_case(golden_dir.path, settings=LIMIT)


def test_the_limit_ends_an_orchestration_that_gets_on(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body("for (;;) runtime->get_task_count(), api.device_free(nullptr);")
    with pytest.raises(
        OrchestrationError,
        match=r"the orchestration was still running after 1 s(.|\n)*orchestration.cpp:",
    ):
        run_case(golden_dir.path, settings=LIMIT)


def test_the_limit_is_an_option_and_an_ini_key(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.kernel_body("for (volatile bool forever = true; forever;) {}")
    for arguments, ini in ((("--sim-timeout=1",), ""), ((), "sim_timeout = 1")):
        pytester.makeini(f"[pytest]\n{ini}\n")
        result = pytester.runpytest_subprocess(*arguments, str(doubler.path))
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*still running after 1 s (--sim-timeout)*"])


def test_device_memory_is_an_option(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.orchestration_body(
        """\
        if (api.device_malloc(4096) == nullptr) return -1;
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;"""
    )
    pytester.runpytest_subprocess("--sim-device-memory=8K", str(doubler.path)).assert_outcomes(
        passed=1
    )
    result = pytester.runpytest_subprocess("--sim-device-memory=4K", str(doubler.path))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*device is full: call 3 of device_malloc asked for 4,096 bytes",
            "  64 bytes of 4,096 bytes were allocated (--sim-device-memory)",
        ],
        consecutive=True,
    )
