"""memcheck and initcheck: what kernels must not do is found, where; what they may do is not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.sanitizer.memory_checks import MISUSES, TASK, create
from tests.sanitizer.reports import sanitize

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.sanitizer.memory_checks import Misuse
    from tests.sanitizer.reports import SanitizedCase


def test_misuses(pytester: pytest.Pytester) -> None:
    lines = create(pytester.path / "misuses")
    cases = sanitize(pytester)
    assert cases.keys() == MISUSES.keys()
    wrong = {
        name: texts
        for name, misuse in MISUSES.items()
        if (texts := list(differences(misuse, cases[name], lines[name])))
    }
    assert not wrong


def differences(misuse: Misuse, case: SanitizedCase, line: int) -> Iterator[str]:
    """In what a case's report is not what the table says."""
    if misuse.check is None:
        if not case.passed or case.findings():
            yield f"is clean, but has {case.failure}: {case.findings()}"
        return
    if case.failure != "sanitizer":
        yield f"failure is {case.failure}"
    if set(case.races) != (set() if misuse.ordered else {(0, TASK)}):
        yield f"races are {case.races}"
    found = case.findings(misuse.check)
    if len(found) != 1:
        yield f"expected one finding of {misuse.check}, got {found}"
        return
    (finding,) = found
    expected = {"tasks": [TASK], "consequence": False, **(misuse.finding or {})}
    for key, value in expected.items():
        if finding[key] != value:
            yield f"{key} is {finding[key]}, expected {value}"
    source = finding["sources"][0]
    if misuse.located and (Path(source["file"]).name, source["line"]) != ("misuse.cpp", line):
        yield f"source is {source}, expected line {line}"
