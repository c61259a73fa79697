"""Goldens that prove nothing: a warning each, errors with --sim-strict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

FRAME = """
import numpy as np

RTOL = ATOL = {tolerance}


def generate_inputs(params):
    return {{"x": np.arange({size}, dtype=np.float32), "out_y": {output}}}


def compute_golden(tensors, params):
    {golden}
"""


def golden(
    *,
    size: int = 8,
    output: str = "np.zeros(8, dtype=np.float32)",
    golden: str = 'tensors["out_y"][:] = 2 * tensors["x"]',
    tolerance: float = 1e-5,
) -> str:
    return FRAME.format(size=size, output=output, golden=golden, tolerance=tolerance)


VACUOUS = {
    "untouched": (
        golden(golden="pass", output="2 * np.arange(8, dtype=np.float32)"),
        "y[0] = 0; for (int i = 1; i < 8; ++i) y[i] = 2 * x[i];",
        "compute_golden wrote nothing into output 'out_y'",
    ),
    "constant": (
        golden(golden='tensors["out_y"][:] = 3'),
        "for (int i = 0; i < 8; ++i) y[i] = 3;",
        "every expected value of output 'out_y' is 3.0: misplaced elements would pass",
    ),
    "nan": (
        golden(golden='tensors["out_y"][:] = np.array([np.nan, -np.nan] * 4)'),
        'for (int i = 0; i < 8; ++i) y[i] = __builtin_nanf("");',
        "every expected value of output 'out_y' is NaN",
    ),
    "empty": (
        golden(size=0, output="np.zeros((0, 4), dtype=np.float32)", golden="pass"),
        "(void)args;",
        "output 'out_y' is empty (shape (0, 4)): nothing is compared",
    ),
    "wide-tolerance": (
        golden(tolerance=100),
        "for (int i = 0; i < 8; ++i) y[i] = 2 * x[i];",
        "the tolerance of output 'out_y' (rtol=100, atol=100) is so wide that zeros would pass",
    ),
}


@pytest.mark.parametrize("name", VACUOUS)
def test_remark(golden_dir: GoldenDir, name: str) -> None:
    text, kernel, remark = VACUOUS[name]
    golden_dir.golden(text)
    golden_dir.kernel_body(kernel)
    result = run_case(golden_dir.path)
    assert result.passed
    assert any(finding.startswith(remark) for finding in result.findings)


RECORD = "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
ADD = "runtime->add_task(task, 3, 0, CoreType::AIV);\n"


def test_output_that_was_not_copied_back(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(f"{ADD}return 0;")
    golden_dir.golden(golden(output="2 * np.arange(8, dtype=np.float32)"))
    result = run_case(golden_dir.path)
    assert result.passed
    assert any("output 'out_y' was not copied back" in remark for remark in result.findings)


def test_output_that_no_task_wrote(golden_dir: GoldenDir) -> None:
    golden_dir.golden(golden(output="2.000001 * np.arange(8, dtype=np.float32)"))
    golden_dir.kernel_body("(void)args;")
    golden_dir.orchestration_body(f"{ADD}api.copy_to_device(y, host_y, args[3]);\n{RECORD}")
    result = run_case(golden_dir.path)
    assert result.passed
    assert "the run left output 'out_y' exactly as generate_inputs made it" in " ".join(
        result.findings
    )


def test_input_that_the_run_changed(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body(
        "for (int i = 0; i < 8; ++i) { y[i] = 2 * x[i]; const_cast<float*>(x)[i] = 100 + i; }"
    )
    golden_dir.orchestration_body(
        f"{ADD}runtime->record_tensor_pair(host_x, x, args[2]);\n{RECORD}"
    )
    (remark,) = run_case(golden_dir.path).findings
    assert remark.startswith("input 'x' was changed by the run (")


def test_good_golden_has_no_remark(golden_dir: GoldenDir) -> None:
    assert run_case(golden_dir.path).findings == ()


@pytest.fixture
def constant(doubler: GoldenDir) -> str:
    text, kernel, remark = VACUOUS["constant"]
    doubler.golden(text)
    doubler.kernel_body(kernel)
    return remark


def test_warning_by_default(
    pytester: pytest.Pytester, constant: str, plugin_args: tuple[str, ...]
) -> None:
    result = pytester.runpytest_subprocess(*plugin_args)
    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines([f"*{constant}", "1 remark about goldens: see the warnings"])


def test_error_on_demand(
    pytester: pytest.Pytester, constant: str, plugin_args: tuple[str, ...]
) -> None:
    result = pytester.runpytest_subprocess("--sim-strict", *plugin_args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([constant, "These are errors because of --sim-strict."])


def test_ini(pytester: pytest.Pytester, constant: str) -> None:
    pytester.makeini("[pytest]\nsim_strict = true")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([constant])
