"""RTOL, ATOL, EQUAL_NAN and MISMATCH_BUDGET, and what holds without them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import GoldenError, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

EXPECTED = """
def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"]
    tensors["out_y"][{index}] {change}


{names}
"""


def golden(directory: GoldenDir, names: str, change: str = "+= 0", index: str = "3:4") -> GoldenDir:
    directory.extend_golden(EXPECTED.format(names=names, change=change, index=index))
    return directory


@pytest.mark.parametrize(
    ("names", "change", "passed"),
    [
        ("", "+= 1", False),
        ("MISMATCH_BUDGET = 0.125", "*= 1.00005", True),
        ("MISMATCH_BUDGET = {'out_y': 0.125}", "*= 1.00005", True),
        ("MISMATCH_BUDGET = 0.1", "*= 1.00005", False),  # less than one of eight
        ("MISMATCH_BUDGET = 0.125", "*= 1.1", False),  # more than ten times the tolerance
        ("MISMATCH_BUDGET = {'share': 0.125, 'rtol': 0.2}", "*= 1.1", True),
        ("MISMATCH_BUDGET = {'out_y': {'share': 0.125, 'atol': 1}}", "+= 1", True),
        ("MISMATCH_BUDGET = {'share': 0.125, 'atol': 1}", "= np.nan", False),
    ],
)
def test_budget(golden_dir: GoldenDir, names: str, change: str, passed: bool) -> None:  # noqa: FBT001 - an expectation
    assert run_case(golden(golden_dir, names, change).path).passed is passed


def test_budget_is_told(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    golden(doubler, "MISMATCH_BUDGET = 0.3", "*= 1.00005", "3:5")
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["    out_y: PASS (6/8 elements matched, 2 within MISMATCH_BUDGET)"]
    )
    golden(doubler, "MISMATCH_BUDGET = 0.3", "+= 1", "3:5")
    result = pytester.runpytest()
    result.stdout.fnmatch_lines(["out_y: FAIL (6/8 elements matched, 2 beyond MISMATCH_BUDGET)"])


@pytest.mark.parametrize(
    ("names", "passed"),
    [
        ("", True),
        ("EQUAL_NAN = False", False),
        ("EQUAL_NAN = {'out_y': False}", False),
        ("EQUAL_NAN = {'x': False}", True),
    ],
)
def test_equal_nan(golden_dir: GoldenDir, names: str, passed: bool) -> None:  # noqa: FBT001 - an expectation
    golden_dir.kernel_body('for (int i = 0; i < 8; ++i) y[i] = i ? 2 * x[i] : __builtin_nanf("");')
    result = run_case(golden(golden_dir, names, "= np.nan", "0").path)
    assert result.passed is passed
    assert result.diffs[0].matched == (8 if passed else 7)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("MISMATCH_BUDGET = 1.5", "MISMATCH_BUDGET must be a share *above 0 and below 1; got 1.5"),
        ("MISMATCH_BUDGET = {'out_y': {'rtol': 1}}", r"MISMATCH_BUDGET\['out_y'\] must be a share"),
        ("RTOL = {'z': 0.1}", "RTOL names 'z', which is not among the tensors: 'x', 'out_y'"),
        ("MISMATCH_BUDGET = {'z': 0.1}", "MISMATCH_BUDGET names 'z', which is not among"),
        ("RTOL = 0\nATOL = 0\nMISMATCH_BUDGET = {'out_y': 0.1}", "allows nothing: its tolerance"),
        ("EQUAL_NAN = 1", r"EQUAL_NAN must be True or False; got 1 \(int\)"),
        ("RTOL = {'out_y': 'x'}", r"RTOL\['out_y'\] must be a number, at least 0; got 'x' \(str\)"),
    ],
)
def test_values_without_a_meaning(golden_dir: GoldenDir, names: str, message: str) -> None:
    message = message.replace("share *above", "share of the elements, above")
    with pytest.raises(GoldenError) as caught:
        run_case(golden(golden_dir, names).path)
    assert re.search(message, caught.value.message)


def test_strict_lists_defaults(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    golden(doubler, "RTOL = {'out_y': 0.5}")
    result = pytester.runpytest_subprocess("--sim-strict", *plugin_args)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "doubler/golden.py leaves to defaults: ATOL of out_y (float32): 1e-05;",
            "    __outputs__: out_y",
        ]
    )
    assert "leaves to defaults" not in str(pytester.runpytest_subprocess(*plugin_args).stdout)
