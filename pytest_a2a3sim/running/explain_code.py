"""Tasks' arguments and native backtraces as lines."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.units import INCLUDE_DIR
from pytest_a2a3sim.running.explain_memory import argument_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.running.failure import Argument, Frame

_SHOWN_FRAMES = 16
_NOT_THE_AUTHORS = ("/usr/", "/opt/", str(INCLUDE_DIR))


def source_of(frames: Sequence[Frame]) -> tuple[str | None, int | None]:
    """File and line of the innermost call in the author's own sources, None where unknown."""
    for frame in frames:
        if frame.is_user and frame.file and not frame.file.startswith(_NOT_THE_AUTHORS):
            return frame.file, frame.line
    return None, None


def argument_lines(task: int | None, arguments: Sequence[Argument]) -> list[str]:
    """A line an argument of a task."""
    if not arguments:
        return []
    return [
        f"  arguments of task {task}:",
        *(f"    args[{i}] = {argument_words(argument)}" for i, argument in enumerate(arguments)),
    ]


def backtrace_lines(frames: Sequence[Frame]) -> list[str]:
    """A line a call, innermost first; one for calls of a function by itself."""
    if not frames:
        return []
    lines = []
    number = 0
    for frame, same in itertools.groupby(frames):
        count = len(list(same))
        times = f" ({count} calls)" if count > 1 else ""
        lines.append(f"    #{number} {_frame_words(frame)}{times}")
        number += count
    hidden = len(lines) - _SHOWN_FRAMES
    more = [f"    ... and {hidden} more"] if hidden > 0 else []
    return ["  backtrace:", *lines[:_SHOWN_FRAMES], *more]


def _frame_words(frame: Frame) -> str:
    if frame.file is None:
        return frame.function
    return f"{frame.function} at {frame.file}:{frame.line if frame.line is not None else '?'}"
