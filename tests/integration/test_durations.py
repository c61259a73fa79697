"""The closing section, --sim-durations, and how failures look on a terminal."""

from __future__ import annotations

import re

import pytest

from tests.golden_dirs import GoldenDir
from tests.integration import outcomes


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_closing_section(pytester: pytest.Pytester, workers: str) -> None:
    outcomes.create(pytester.path / "doubler")
    result = pytester.runpytest(workers, "--sim-durations=2")
    result.stdout.re_match_lines(
        [
            "=+ a2a3sim =+",
            "4 cases: 1 passed, 3 failed",
            "2 tensors with 16 elements compared, 2 tasks simulated",
            r"slowest 2 cases \(total, graph\):",
            r" +\d+\.\d{3} s +\d+\.\d ms  doubler/golden.py::\w+",
        ]
    )


def test_kernels_of_the_slowest_cases(pytester: pytest.Pytester) -> None:
    GoldenDir.create(pytester.path / "doubler")
    result = pytester.runpytest("--sim-durations=1")
    result.stdout.re_match_lines([r" +double \d+\.\d ms in 1 task$"])


def test_no_section_without_cases_or_when_quiet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest().stdout.no_re_match_line("=+ a2a3sim =+")
    GoldenDir.create(pytester.path / "doubler")
    pytester.runpytest("-q").stdout.no_re_match_line("=+ a2a3sim =+")


@pytest.mark.parametrize("columns", ["60", "100"])
def test_nothing_is_wider_than_the_terminal(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    outcomes.create(pytester.path / "doubler")
    result = pytester.runpytest("-k", "wrong", "--sim-durations=1")
    lines = result.outlines
    start = lines.index(next(line for line in lines if "FAILURES" in line))
    assert max(map(len, lines[start:])) <= int(columns)
    assert "".join(lines).count("=> only the tail is wrong") == 1


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_colours_where_pytest_colours(pytester: pytest.Pytester, workers: str) -> None:
    outcomes.create(pytester.path / "doubler")
    coloured = pytester.runpytest("-k", "wrong", "--color=yes", workers).stdout.str()
    assert re.search(r"\x1b\[1m\x1b\[31mout_y: FAIL \(4/8 elements matched\)", coloured)
    assert re.search(r"\x1b\[1m\x1b\[33m  => only the tail", coloured)
    assert "\x1b[31m@" in coloured
    plain = pytester.runpytest("-k", "wrong", "--color=no", workers).stdout.str()
    assert "\x1b" not in plain
    assert "  |    @@@@|" in plain


def test_report_is_numpy_code(pytester: pytest.Pytester) -> None:
    outcomes.create(pytester.path / "doubler")
    result = pytester.runpytest("-k", "wrong")
    result.stdout.fnmatch_lines(
        [
            "  => only the tail is wrong: all 4 elements from flat index 4 on mismatch, and",
            "*out_y[[]1:[]]",
            "  => zero: all 4 mismatches are 0, none of them expected",
            "  largest absolute error 14 at out_y[[]1, 3[]]",
            "        element  actual  expected  difference  allowed",
            "    out_y[[]1, 0[]]       0         8          -8    9e-05",
        ]
    )


def test_lines_of_tensors(pytester: pytest.Pytester) -> None:
    outcomes.create(pytester.path / "doubler")
    pytester.runpytest("-v", "-k", "wrong").stdout.re_match_lines(
        [r" +out_y: FAIL \(4/8 elements matched\)$"]
    )
    pytester.runpytest("-vv", "-k", "wrong").stdout.re_match_lines(
        [r" +out_y: FAIL \(4/8 elements matched\), max abs 14.*, rel 1, ULP \d+$"]
    )
