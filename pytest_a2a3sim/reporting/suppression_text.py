"""Suppressions, and how many findings each left out -> lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.sanitizer import Suppression
from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_a2a3sim.model.record import CaseRecord, SuppressionRecord


def of_cases(records: Iterable[CaseRecord]) -> list[SuppressionRecord]:
    """Every suppression that could leave out a finding of a case, case by case."""
    sanitized = [record["sanitizer"] for record in records if record["sanitizer"] is not None]
    return [each for one in sanitized for each in one["suppressions"]]


def used_lines(suppressions: Iterable[SuppressionRecord]) -> list[str]:
    """``suppressed 3 findings: racecheck QK SF out (of kernels/kernel_config.py): REASON``."""
    return [
        f"suppressed {counted(count, 'finding')}: {name}"
        for name, count in _counts(suppressions).items()
        if count
    ]


def unused_lines(suppressions: Iterable[SuppressionRecord]) -> list[str]:
    """Those that left out nothing in any of the cases that they could have."""
    return [
        f"a suppression leaves out nothing, remove it: {name}"
        for name, count in _counts(suppressions).items()
        if not count
    ]


def _counts(suppressions: Iterable[SuppressionRecord]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for each in suppressions:
        counts[_name(each)] += each["findings"]
    return counts


def _name(each: SuppressionRecord) -> str:
    where = "ini sim_suppressions" if each["file"] is None else each["file"]
    what = Suppression(tuple(each["kernels"]), each["reason"], each["check"], each["tensor"])
    return f"{what} (of {where}): {each['reason']}"
