"""What a run says: header, lines per tensor, failures, warnings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.reporting import terminal

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

WRONG_SIGN = "for (int64_t i = 0; i < args[2]; ++i) y[i] = -2 * x[i];"


def test_header(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--sim-threads=3")
    result.stdout.re_match_lines([r"a2a3sim: \d+\.\d+.*, native engine, 3 threads, compiler: .+"])


def test_verbose_shows_a_line_per_tensor(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    result = pytester.runpytest("-v", *plugin_args)
    result.stdout.fnmatch_lines(["*PASSED*", "    out_y: PASS (8/8 elements matched)"])


def test_quiet_does_not(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.runpytest().stdout.no_fnmatch_line("*out_y*")


def test_failure_shows_what_is_wrong(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.kernel_body(WRONG_SIGN)
    result = pytester.runpytest(*plugin_args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*_ doubler: default _*",
            "1 of 1 output tensors do not match: out_y",
            "out_y: FAIL (1/8 elements matched)",
            "*rtol=1e-05, atol=1e-05",
            "*largest absolute error 28 at out_y[[]7]",
            "*largest relative error 2 at out_y[[]1]",
            "*element *actual *expected *difference *allowed",
            "*[[]1] *-2 *2 *-4 *3e-05",
            "*[[]7] *-14 *14 *-28 *0.00015",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_only_the_broken_items_fail(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    other = type(doubler).create(pytester.path / "other")
    other.kernel_body(WRONG_SIGN)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=1, failed=1)
    # A machine that is slow to compile says so before the outcome.
    text = re.sub(r"\na2a3sim: compiled[^\n]*\n", "", result.stdout.str())
    assert re.search(r"^doubler/golden\.py::default PASSED", text, re.MULTILINE)
    assert re.search(r"^other/golden\.py::default FAILED", text, re.MULTILINE)


def test_other_tensors_are_reported_too(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.golden(
        """
        import numpy as np

        TENSOR_ORDER = ["x", "out_y", "out_z"]

        def generate_inputs(params):
            return {
                "x": np.arange(8, dtype=np.float32),
                "out_y": np.zeros(8, dtype=np.float32),
                "out_z": np.zeros((2, 2), dtype=np.int32),
            }

        def compute_golden(tensors, params):
            tensors["out_y"][:] = 2 * tensors["x"]
        """
    )
    doubler.orchestration(
        """
        #include "runtime.h"

        extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
            void* x = runtime->host_api.device_malloc(32);
            void* y = runtime->host_api.device_malloc(32);
            void* z = runtime->host_api.device_malloc(16);
            runtime->host_api.copy_to_device(x, reinterpret_cast<void*>(args[0]), 32);
            uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), 8};
            runtime->add_task(task, 3, 0, CoreType::AIV);
            runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, 32);
            runtime->record_tensor_pair(reinterpret_cast<void*>(args[2]), z, 16);
            return 0;
        }
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "1 of 2 output tensors do not match: out_z",
            "out_y: PASS (8/8 elements matched)",
            "out_z: FAIL (0/4 elements matched)",
            "*[[]1, 0] *-1 *0 *-1 *",
        ]
    )


def test_golden_that_writes_nothing_is_a_warning(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.golden(
        """
        import numpy as np

        def generate_inputs(params):
            x = np.arange(8, dtype=np.float32)
            return {"x": x, "out_y": 2 * x}

        def compute_golden(tensors, params):
            pass
        """
    )
    message = "*compute_golden wrote nothing into output 'out_y': what generate_inputs put there *"
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([message])
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")
    doubler.kernel_body(WRONG_SIGN)
    pytester.runpytest().assert_outcomes(failed=1)


def test_exception_in_the_golden_shows_the_users_frames_only(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden("def compute_golden(tensors, params):\n    tensors['q'][:] = 0")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "golden.py compute_golden failed for case 'default': KeyError: 'q'",
            '  File "*golden.py", line *, in compute_golden',
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_a2a3sim/*")


def test_output_of_native_code_is_captured(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.kernel_body('__builtin_printf("in the kernel\\n"); std::abort();')
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Captured stdout call*", "in the kernel"])


def test_the_session_goes_on_after_a_crash(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    crashing = type(doubler).create(pytester.path / "a_crash")
    crashing.kernel_body("*reinterpret_cast<volatile int*>(0) = 1;")
    pytester.makepyfile(test_after="def test_after(): pass")
    result = pytester.runpytest(*plugin_args)
    result.assert_outcomes(passed=2, failed=1)


# The wrong dtype of an input explains many a mismatch.
def test_equal_failures_of_a_directory_are_told_once(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.kernel_body("*reinterpret_cast<volatile int*>(8) = 1;")
    doubler.extend_golden("PARAMS_LIST = [{'name': name} for name in ('one', 'two', 'three')]")
    other = type(doubler).create(pytester.path / "other")
    other.kernel_body("*reinterpret_cast<volatile int*>(8) = 1;")
    result = pytester.runpytest("--junitxml=junit.xml", *plugin_args)
    result.assert_outcomes(failed=4)
    headline = "kernel 'double' in task 0 wrote to a null pointer, or close to one (SIGSEGV)"
    told = re.compile("  the same failure as that of doubler/golden.py::(one|two|three): see there")
    assert result.outlines.count(headline) == 4
    assert sum(bool(told.fullmatch(line)) for line in result.outlines) == 2
    assert result.outlines.count("  arguments of task 0:") == 2
    assert (pytester.path / "junit.xml").read_text().count("  arguments of task 0:") == 4
    everything = pytester.runpytest("-vv", *plugin_args)
    assert everything.outlines.count("  arguments of task 0:") == 4


@pytest.mark.usefixtures("own_cache")
def test_verbose_prints_a_node_id_once_while_a_long_build_is_told(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal, "_FIRST_BUILD_LINE", 0.0)
    doubler.kernel_body("y[0] = 4242;")
    source = doubler.path / "kernels" / "double.cpp"
    headers = "".join(f"#include <{name}>\n" for name in ("regex", "iostream", "random", "future"))
    source.write_text(f'{headers}{source.read_text()}static std::regex all{{".*"}};\n')
    result = pytester.runpytest("-v")
    result.assert_outcomes(failed=1)
    progress, _, _ = result.stdout.str().partition("= FAILURES =")
    assert "a2a3sim: compiled " in progress
    assert progress.count("doubler/golden.py::default") == 1
    result.stdout.re_match_lines(["FAILED +.*100%"])


def test_inputs_are_listed_with_dtype_and_shape(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.kernel_body("(void)args;")
    doubler.extend_golden(
        """
        TENSOR_ORDER = ["x", "out_y"]


        def generate_inputs(params):
            return {
                "x": np.arange(8, dtype=np.int64).reshape(2, 4),
                "w": np.zeros((), np.float16),
                "out_y": np.zeros(16, np.float32),
            }


        def compute_golden(tensors, params):
            tensors["out_y"][:] = 1
        """
    )
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["  inputs: x int64 (2, 4), w float16 ()"])
