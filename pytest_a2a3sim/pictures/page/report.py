"""A case -> the lines of its report, as the terminal has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import Mismatch, SanitizerError
from pytest_a2a3sim.model.lines import encode, line, lines_of
from pytest_a2a3sim.reporting.text import diff_lines, where_lines

if TYPE_CHECKING:
    from pytest_a2a3sim.model.record import CaseRecord
    from pytest_a2a3sim.model.result import Attempt


def report_data(record: CaseRecord, attempt: Attempt) -> list[list[tuple[str, str]]]:
    """The parts of each line with their styles: why a case failed, or how it passed."""
    if isinstance(attempt.error, (Mismatch, SanitizerError)):
        return encode(attempt.error.lines)
    if record["failure"] is not None:
        return encode(lines_of(record["failure"]["message"]))
    if attempt.result is None:
        return []
    lines = [line("every output matches"), *where_lines(attempt.result, attempt.inputs)]
    for diff in attempt.result.diffs:
        lines += [line(""), *diff_lines(diff)]
    return encode(lines)
