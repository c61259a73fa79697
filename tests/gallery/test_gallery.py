"""What is said of forty mistakes: for each, the summary line and the report's first lines.

They are kept in ``reports/``. After a change of what reports say, ``WRITE_REPORTS=1`` writes them
anew; whoever does so reads the difference: nothing in it may be false.
"""

from __future__ import annotations

import difflib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.gallery.mutants import GALLERY, MUTANTS

if TYPE_CHECKING:
    from tests.gallery.mutants import Mutant

REPORTS = GALLERY / "reports"
NAMED = [mutant for mutant in MUTANTS if mutant.named is not None]
SHOWN_LINES = 20
FEWEST_NAMED = 36

# What must be said of no other mutant: of these it is true.
CLAIMS = {
    "never written": {
        "matmul-row-stride",
        "rms_norm-tail-left-out",
        "rms_norm-block-left-out",
        "rms_norm-bytes-not-elements",
    },
    "never copied back": {"matmul-half-copied-back"},
    "never copied to the device": {"matmul-b-not-copied"},
    "are swapped": {"matmul-copy-swapped"},
    "right in the order": {"matmul-no-edge", "prefix_sum-no-edge-to-carry"},
    "that nobody wrote": {
        "matmul-b-not-copied",
        "matmul-edge-reversed",
        "matmul-part-adds",
        "matmul-parts-shared",
        "prefix_sum-half-of-x",
    },
    "sign flipped": {"matmul-sign"},
    "transposed:": {"matmul-tile-transposed"},
    "shifted by": {"prefix_sum-exclusive"},
    "cycle": {"prefix_sum-cycle"},
    "hangs": {"rms_norm-hang"},
    "SIGSEGV": {
        "matmul-parts-too-small",
        "prefix_sum-host-pointer",
        "prefix_sum-one-more",
        "rms_norm-argument-left-out",
        "rms_norm-wrong-type",
    },
}


def test_each_report_is_the_one_that_is_kept(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = reports_of(pytester, monkeypatch)
    assert sorted(said) == sorted(mutant.title for mutant in MUTANTS)
    if os.environ.get("WRITE_REPORTS"):
        REPORTS.mkdir(exist_ok=True)
        for title, report in said.items():
            (REPORTS / f"{title}.txt").write_text(report)
    differences = [
        line
        for title, report in said.items()
        for line in difflib.unified_diff(
            kept(title).splitlines(), report.splitlines(), f"kept: {title}", "said", lineterm=""
        )
    ]
    assert not differences, "\n".join(differences)


def reports_of(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """By mutant, the summary line and the first lines that one session says of it."""
    for mutant in MUTANTS:
        mutant.create(pytester.path)
    monkeypatch.setenv("COLUMNS", "400")  # summary lines are as wide as they are
    ran = pytester.runpytest("--sim-json=report.json", "--sim-threads=1", "--sim-hang-timeout=0.5")
    ran.assert_outcomes(failed=len(MUTANTS))
    said = {}
    for case in json.loads(Path("report.json").read_text())["cases"]:
        [summary] = [
            line for line in ran.outlines if line.startswith(f"FAILED {case['nodeid']} - ")
        ]
        lines = case["failure"]["message"].splitlines()[:SHOWN_LINES]
        text = stable("\n".join([summary, "", *lines]), pytester.path)
        said[case["nodeid"].partition("/")[0]] = f"{text}\n"
    return said


def stable(text: str, root: Path) -> str:
    """The text without what differs from run to run: directories, addresses, seconds."""
    for directory in (root, GALLERY):
        text = text.replace(f"{directory}/", "")
    text = re.sub(r"\b0x[0-9a-f]{6,}\b", "0x#", text)
    return re.sub(r"\b\d+\.\d s\b", "# s", text)


def kept(title: str) -> str:
    report = REPORTS / f"{title}.txt"
    return report.read_text() if report.exists() else ""


def test_no_report_is_kept_of_what_is_not_there() -> None:
    assert {report.stem for report in REPORTS.iterdir()} == {mutant.title for mutant in MUTANTS}
    assert len(MUTANTS) == 40


@pytest.mark.parametrize("mutant", NAMED, ids=lambda mutant: mutant.title)
def test_the_report_names_the_cause_or_the_place(mutant: Mutant) -> None:
    report = kept(mutant.title)
    assert mutant.named is not None
    assert re.search(mutant.named, report), report


def test_most_reports_do() -> None:
    assert len(NAMED) >= FEWEST_NAMED


@pytest.mark.parametrize("claim", CLAIMS)
def test_nothing_is_claimed_where_it_is_false(claim: str) -> None:
    claiming = {mutant.title for mutant in MUTANTS if claim in kept(mutant.title)}
    assert claiming == CLAIMS[claim]


def test_summaries_and_headlines_are_short() -> None:
    for mutant in MUTANTS:
        summary, _, headline, *_ = kept(mutant.title).splitlines()
        assert len(headline) <= 100
        assert len(summary.partition(" - ")[2]) <= 100
