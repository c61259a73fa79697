"""What the sanitizer looked at, in a case or in a session -> totals, and lines that say it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.checks import CHECKS
from pytest_a2a3sim.reporting.sanitizer_record import suppression_record
from pytest_a2a3sim.reporting.suppression_text import of_cases, used_lines
from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.record import CaseRecord, SanitizerTotalsRecord
    from pytest_a2a3sim.model.sanitizer import SanitizerReport


def checked_lines(report: SanitizerReport) -> list[str]:
    """``checked (racecheck): 4 tasks, 40 recorded accesses of 128 bytes, ..., 1 finding``.

    Then a line for each suppression that left out something.
    """
    looked_at = _looked_at(
        {
            "checks": list(report.checks),
            "cases": 1,
            "tasks": report.tasks,
            "accesses": report.accesses,
            "bytes": report.bytes,
            "blind_bytes": report.blind_bytes,
            "instructions": report.instructions,
            "undecided": report.undecided,
            "exchanging": report.exchanging,
            "suppressed": report.suppressed,
            "findings": report.total,
        }
    )
    suppressions = [suppression_record(each, Path.cwd()) for each in report.suppressions]
    return [
        f"checked ({', '.join(report.checks)}): {looked_at}",
        *used_lines(suppressions),
    ]


def sanitizer_totals(records: Sequence[CaseRecord]) -> SanitizerTotalsRecord | None:
    """Sums over the sanitized cases; None if there are none."""
    sanitized = [record["sanitizer"] for record in records if record["sanitizer"] is not None]
    if not sanitized:
        return None
    wanted = {check for each in sanitized for check in each["checks"]}
    return {
        "checks": [check for check in CHECKS if check in wanted],
        "cases": len(sanitized),
        "tasks": sum(each["tasks"] for each in sanitized),
        "accesses": sum(each["accesses"] for each in sanitized),
        "bytes": sum(each["bytes"] for each in sanitized),
        "blind_bytes": sum(each["blind_bytes"] for each in sanitized),
        "instructions": sum(each["instructions"] for each in sanitized),
        "undecided": sum(each["undecided"] for each in sanitized),
        "exchanging": sum(each["exchanging"] for each in sanitized),
        "suppressed": sum(each["suppressed"] for each in sanitized),
        "findings": sum(each["total"] for each in sanitized),
    }


def sanitizer_lines(records: Sequence[CaseRecord]) -> list[str]:
    """What was looked at in all sanitized cases; nothing without such."""
    totals = sanitizer_totals(records)
    if totals is None:
        return []
    checks, cases = ", ".join(totals["checks"]), counted(totals["cases"], "case")
    return [
        f"checked ({checks}) in {cases}: {_looked_at(totals)}",
        *used_lines(of_cases(records)),
    ]


def _looked_at(totals: SanitizerTotalsRecord) -> str:
    accesses = counted(totals["accesses"], "recorded access", "recorded accesses")
    parts = [
        counted(totals["tasks"], "task"),
        f"{accesses} of {counted(totals['bytes'], 'byte')}",
        f"{counted(totals['blind_bytes'], 'byte')} changed unseen",
    ]
    if totals["instructions"] or totals["checks"] == ["synccheck"]:
        parts.append(f"{counted(totals['instructions'], 'instruction')} of cores")
    if totals["undecided"]:
        parts.append(f"{counted(totals['undecided'], 'task')} with reads whose effect is unknown")
    if totals["exchanging"]:
        parts.append(
            f"{counted(totals['exchanging'], 'task')} followed in part, which wait for each other"
        )
    if totals["suppressed"]:
        parts.append(f"{counted(totals['suppressed'], 'finding')} suppressed")
    return ", ".join([*parts, counted(totals["findings"], "finding")])
