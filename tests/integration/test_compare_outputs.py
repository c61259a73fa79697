"""compare_outputs of a golden.py says what is compared where the device decides about it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Mismatch, run_case
from tests.words import without_breaks

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

# The device doubles 5 of 8 elements.
FIRST_FIVE = "for (int i = 0; i < 5; ++i) y[i] = 2 * x[i];"
GOLDEN = """
PARAMS_LIST = [{{"name": "case", "n": [5]}}]


def compute_golden(tensors, params):
    tensors["out_y"][:5] = {factor} * tensors["x"][:5]


def compare_outputs(actual, expected, params):
    n = params["n"].pop()
    {body}
"""
HELPER = "def check(n):\n    assert n != 5, f'{n} of helper'\n"


def golden(directory: GoldenDir, body: str, factor: int = 2) -> None:
    directory.kernel_body(FIRST_FIVE)
    directory.extend_golden(GOLDEN.format(body=body, factor=factor))


@pytest.mark.parametrize(
    "index",
    [
        "slice(n)",
        "np.s_[:n]",
        "(slice(n),)",
        "list(range(n))",
        "np.arange(8) < n",
        "~np.isnan(actual['out_y'])",
        "np.flatnonzero(expected['out_y'] == actual['out_y'])",
    ],
)
def test_chosen_elements_are_compared(
    pytester: pytest.Pytester, doubler: GoldenDir, index: str
) -> None:
    golden(doubler, f"return {{'out_y': {index}}}")
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        ["    out_y: PASS (5/5 elements matched, 3 left out by compare_outputs)"]
    )


def test_chosen_elements_that_differ_are_a_mismatch(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    golden(doubler, "return {'out_y': slice(n)}", factor=3)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "out_y: FAIL (1/5 elements matched, 3 left out by compare_outputs)",
            "  first mismatches:",
            "  out_y[[]1]*",
            "  out_y[[]4]*",
        ]
    )
    result.stdout.no_fnmatch_line("  out_y[[]5]*")


def test_outputs_that_are_not_named_are_compared_whole(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    golden(doubler, "return {}")
    pytester.runpytest().assert_outcomes(failed=1)


def test_leaving_out_everything_is_a_warning(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    golden(doubler, "return {'out_y': slice(0)}")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*compare_outputs left out every element of output 'out_y'*"])
    pytester.runpytest("--sim-strict").assert_outcomes(failed=1)


# How much of an output is valid may be up to the device: a loop over the valid part, a verdict or a
# helper of the author's compares it.
@pytest.mark.parametrize(
    "body",
    [
        "assert np.array_equal(actual['out_y'][:n], expected['out_y'][:n])",
        "return np.array_equal(actual['out_y'][:n], expected['out_y'][:n])",
        "import helper; helper.check(n + 1)",
    ],
)
def test_assertions_of_its_own_are_the_comparison(
    pytester: pytest.Pytester, doubler: GoldenDir, body: str
) -> None:
    doubler.add("helper.py", HELPER)
    golden(doubler, body)
    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("assert np.array_equal(actual['out_y'], expected['out_y'])", "an assertion failed"),
        ("assert actual['out_y'][0] == 1, 'not 1'", "not 1"),
        ("return np.array_equal(actual['out_y'], expected['out_y'])", "it returned False"),
        ("import helper; helper.check(n)", "5 of helper"),
    ],
)
def test_assertions_that_fail_are_a_mismatch(
    pytester: pytest.Pytester, doubler: GoldenDir, body: str, message: str
) -> None:
    doubler.add("helper.py", HELPER)
    golden(doubler, body)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"compare_outputs says that the outputs do not match: {message}",
            "  case 'case'",
            "  in */doubler/golden.py",
        ]
    )
    result.stdout.no_fnmatch_line("*pytest_a2a3sim/*.py*")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            "return 3",
            "of the elements that are compared, or None; got 3 (int)",
        ),
        ("return {'x': 1}", "it returned 'x', which is not among the outputs: 'out_y'"),
        ("return {'out_y': 9}", "it returned 9 (int) for 'out_y', which is no index of"),
        ("return {'out_y': 'all'}", "it returned 'all' (str) for 'out_y', which is no index of"),
        (
            "raise ValueError('no')",
            "golden.py compare_outputs failed for case 'case': ValueError: no",
        ),
    ],
)
def test_mistakes_are_errors(
    pytester: pytest.Pytester, doubler: GoldenDir, body: str, message: str
) -> None:
    golden(doubler, body)
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    assert without_breaks(message) in without_breaks(result.stdout.str())


def test_it_must_be_a_function(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden("compare_outputs = 3")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["golden.py: compare_outputs must be a function; got 3 (int)"])


def test_result_has_what_the_device_left(golden_dir: GoldenDir) -> None:
    golden(golden_dir, "actual['out_y'][:] = 0; return {'out_y': slice(n)}")
    result = run_case(golden_dir.path)
    assert result.passed
    assert result.actual["out_y"][:5].tolist() == [0, 2, 4, 6, 8]
    assert result.actual["out_y"][7] != result.expected["out_y"][7]
    assert (result.diffs[0].size, result.diffs[0].left_out) == (5, 3)


def test_mismatch_is_raised_in_python(golden_dir: GoldenDir) -> None:
    golden(golden_dir, "assert n == 6")
    result = run_case(golden_dir.path)
    assert not result.passed
    assert result.actual["out_y"][:5].tolist() == [0, 2, 4, 6, 8]
    with pytest.raises(Mismatch, match="an assertion failed"):
        result.check()


def test_what_it_says_and_what_the_sanitizer_finds_are_both_told(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    golden(doubler, "assert n == 6, 'not six'")
    add = "runtime->add_task(task, 3, 0, CoreType::AIV);"
    doubler.orchestration_body(
        f"{add} {add} runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
    )
    result = pytester.runpytest("--sim-sanitize=racecheck")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "the sanitizer has 1 finding: 1 racecheck WAW",
            "compare_outputs says that the outputs do not match: not six",
        ]
    )
    kernels = doubler.path / "kernels"
    printed = pytester.run(
        sys.executable, "-m", "pytest_a2a3sim.cli", "run", "-k", kernels, "-g", doubler.golden_py
    )
    assert printed.ret == 1
    printed.stdout.fnmatch_lines(["*compare_outputs says that the outputs do not match: not six"])
