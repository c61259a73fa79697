"""Every racy program of DataRaceBench's `depend` clauses is found, no clean one is flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sanitizer.data_race_bench_programs import CLEAN, PROGRAMS, RACY
from tests.sanitizer.oracle import races
from tests.sanitizer.reports import differences, sanitize_graphs

if TYPE_CHECKING:
    import pytest


def test_programs_are_what_the_originals_are() -> None:
    assert sorted(PROGRAMS) == sorted(RACY + CLEAN)
    assert {number for number, graph in PROGRAMS.items() if races(graph)} == set(RACY)


def test_racy_programs_are_found_and_clean_ones_are_not(pytester: pytest.Pytester) -> None:
    cases = sanitize_graphs(pytester, PROGRAMS)
    assert {number for number, case in cases.items() if case.races} == set(RACY)
    assert {number for number, case in cases.items() if case.passed} == set(CLEAN)
    found = {number: differences(graph, cases[number]) for number, graph in PROGRAMS.items()}
    assert not {number: texts for number, texts in found.items() if texts}
