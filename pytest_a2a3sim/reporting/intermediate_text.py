"""Compared intermediates -> lines that begin with the first task whose result differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.reporting.text import diff_lines, verdict_line
from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from pytest_a2a3sim.model.intermediate import Intermediate, Intermediates
    from pytest_a2a3sim.model.lines import Line

_MOST_LATER = 12


def first_task_lines(found: Intermediates) -> tuple[Line, ...]:
    """The first task whose result differs, what of it does, and a line for each later one.

    Nothing where every intermediate matches.
    """
    wrong = found.wrong
    if not wrong:
        return ()
    first = [each for each in wrong if each.step == wrong[0].step]
    later = wrong[len(first) :]
    names = ", ".join(each.diff.name for each in first)
    lines = [
        line(
            f"task {first[0].task} ({first[0].kernel}) is the first whose result differs: {names}",
            "headline",
        ),
        line(
            f"  {counted(len(wrong), 'intermediate')} of {len(found.compared)} compared differ; "
            "tasks ran one after another"
        ),
    ]
    for each in first:
        lines += [line(""), *diff_lines(each.diff)]
        if not each.is_changed:
            lines.append(line("  the task did not change it"))
    if later:
        lines += [
            line(""),
            line("later:"),
            *(line(f"  {_later(each)}") for each in later[:_MOST_LATER]),
        ]
        if len(later) > _MOST_LATER:
            lines.append(line(f"  ... and {len(later) - _MOST_LATER} more"))
    return tuple(lines)


def all_match_line(found: Intermediates) -> Line:
    """What is known where an output does not match, and every intermediate does."""
    last = found.compared[-1]
    return line(
        f"every intermediate that was compared matches: {len(found.compared)}, the last of them "
        f"is {last.diff.name} of task {last.task} ({last.kernel})"
    )


def _later(each: Intermediate) -> str:
    return f"task {each.task} ({each.kernel}): {verdict_line(each.diff)}"
