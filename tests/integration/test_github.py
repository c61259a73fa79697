"""GitHub Actions: a Markdown summary, and annotations where the error is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.github import annotation_lines, markdown_lines
from tests.integration.outcomes import visible

if TYPE_CHECKING:
    from tests.integration.outcomes import ReportedRun


def test_summary(reported: ReportedRun) -> None:
    assert reported.summary.startswith("from an earlier step\n## ❌ a2a3sim: 1 of 4 cases passed\n")
    row = "| `doubler/golden.py::wrong` | mismatch | out_y 4/8 matched |"
    assert row in reported.summary
    assert "out_y: FAIL (4/8 elements matched)" in reported.summary


def test_annotations(reported: ReportedRun) -> None:
    commands = [line for line in visible(reported.stdout) if line.startswith("::error")]
    assert len(commands) == 3
    (wrong,) = (line for line in commands if "%3A%3Awrong" in line)
    assert wrong.startswith(
        "::error file=doubler/golden.py,title=mismatch%3A doubler/golden.py%3A%3Awrong::"
        "1 of 1 output tensors do not match: out_y%0Aout_y: only the tail is wrong: "
    )
    (crash,) = (line for line in commands if "%3A%3Acrash" in line)
    assert re.match(
        r"::error file=doubler/kernels/double.cpp,line=\d+,title=kernel-fault%3A ", crash
    )


def test_line_of_a_failure_is_annotated(alone: ReportedRun) -> None:
    (crash,) = (case for case in alone.document["cases"] if case["case"] == "crash")
    crash["failure"]["line"] = 7
    (command,) = annotation_lines([crash])
    assert command.startswith("::error file=doubler/kernels/double.cpp,line=7,title=")


def test_only_failures_are_listed(alone: ReportedRun) -> None:
    good = [case for case in alone.document["cases"] if case["outcome"] == "passed"]
    assert annotation_lines(good) == []
    assert markdown_lines(good) == [
        "## ✅ a2a3sim: 1 of 1 case passed",
        "",
        "1 tensor with 8 elements compared, 1 task simulated.",
        "",
    ]
