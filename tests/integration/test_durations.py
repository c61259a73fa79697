"""The closing section, --sim-durations, and how failures look on a terminal."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.integration.outcomes import visible

if TYPE_CHECKING:
    import pytest

    from tests.golden_dirs import GoldenDir
    from tests.integration.outcomes import ReportedRun


def section(run: ReportedRun) -> list[str]:
    lines = list(visible(run.stdout))
    (start,) = (i for i, line in enumerate(lines) if re.fullmatch("=+ a2a3sim =+", line))
    end = next(i for i in range(start + 1, len(lines)) if lines[i].startswith(("=", "::error")))
    return lines[start + 1 : end]


def test_closing_section(reported: ReportedRun) -> None:
    lines = section(reported)
    assert lines[:2] == [
        "4 cases: 1 passed, 3 failed",
        "2 tensors with 16 elements compared, 2 tasks simulated",
    ]
    at = lines.index("slowest 2 cases (total, graph):")
    slowest = [line for line in lines[at + 1 :] if re.match(r" +\d+\.\d+ [mu]?s ", line)]
    assert len(slowest) == 2


def test_kernels_of_the_slowest_cases(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    result = pytester.runpytest_subprocess("--sim-durations=1")
    result.stdout.re_match_lines(
        [
            "slowest 1 case .*",
            r" +\d+\.\d+ m?s +\d+\.\d [mu]s  doubler/golden.py::default",
            r" +double \d+\.\d [mu]s in 1 task$",
        ]
    )


def test_no_section_without_cases(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1)
    result.stdout.no_re_match_line("=+ a2a3sim =+")


def test_no_section_when_quiet(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    result = pytester.runpytest_subprocess("-q")
    result.assert_outcomes(passed=1)
    result.stdout.no_re_match_line("=+ a2a3sim =+")


def test_nothing_is_wider_than_the_terminal(reported: ReportedRun) -> None:
    report = [line for line in reports(reported) if str(reported.path) not in line]
    assert max(map(len, [*report, *section(reported)])) <= 60


def reports(run: ReportedRun) -> list[str]:
    """Lines of the report about the wrong case."""
    lines = list(visible(run.stdout))
    start = lines.index("1 of 1 output tensors do not match: out_y")
    return lines[start : next(i for i in range(start, len(lines)) if lines[i].startswith("---"))]


def test_colours_where_pytest_colours(reported: ReportedRun) -> None:
    red, yellow, bold = (rf"\x1b\[{code}m" for code in (31, 33, 1))
    text = reported.stdout
    assert re.search(rf"({bold}{red}|{red}{bold})out_y: FAIL \(4/8 elements matched\)", text)
    assert re.search(rf"({bold}{yellow}|{yellow}{bold})  => only the tail", text)
    assert re.search(rf"{red}@@@@", text)


def test_report_is_numpy_code(reported: ReportedRun) -> None:
    text = "\n".join(visible(reported.stdout))
    assert (
        """
  => only the tail is wrong: all 4 elements from flat index
      4 on mismatch, and none before it: out_y[1:]
  => zero: all 4 mismatches are 0, none of them expected
  largest absolute error 14 at out_y[1, 3]
  largest relative error 1 at out_y[1, 0]
  error / allowed: 4 above 1000
  share of mismatches along axes 0, 1, 1 index a column:
  |    @@@@|
  first mismatches:
      element  actual  expected  difference  allowed
  out_y[1, 0]       0         8          -8    9e-05
  out_y[1, 1]       0        10         -10  0.00011
  out_y[1, 2]       0        12         -12  0.00013
  out_y[1, 3]       0        14         -14  0.00015
"""
        in text
    )


def test_plain_where_pytest_is_plain(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.kernel_body("(void)args;")
    result = pytester.runpytest_subprocess("-vv", "--color=no")
    result.stdout.fnmatch_lines(
        [
            "    out_y: FAIL (0/8 elements matched)",
            "  => never written: all 8 mismatches hold the bytes 0xFF of fresh device memory",
            "  not finite: actual has 8 NaN, expected has none",
            "  |@@@@@@@@|",
        ]
    )
    assert "\x1b" not in result.stdout.str()
