"""Lines on a terminal: coloured where pytest colours, never wider than the screen."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.lines import line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_a2a3sim.model.case import BuildProgress
    from pytest_a2a3sim.model.lines import Line, Style

_HANGING = 4  # columns by which continued lines are indented further
_NARROWEST = 20
_FEWEST_WORDS = 3  # a label and a path stay on one line
_FIRST_BUILD_LINE = 3.0  # seconds
_BUILD_INTERVALS = {True: 3.0, False: 30.0}  # seconds; whether the output is a terminal
_MARKUP: dict[Style, dict[str, bool]] = {
    "plain": {},
    "headline": {"red": True},
    "passed": {"bold": True, "green": True},
    "failed": {"bold": True, "red": True},
    "diagnosis": {"bold": True, "yellow": True},
    "warm": {"yellow": True},
    "hot": {"red": True},
}


class Writer(Protocol):
    """What pytest prints failures with."""

    @property
    def fullwidth(self) -> int:
        """Columns of the terminal."""

    def write(self, msg: str, **markup: bool) -> None:
        """Prints a part of a line."""

    def line(self, s: str = "", **markup: bool) -> None:
        """Prints a line, or ends one."""


@frozen
class Crash:
    """What pytest's short summary shows of a failure."""

    message: str


class FailureText:
    """What a failed case says, in the form in which pytest prints failures.

    Args:
        lines: the first is the headline.
        fitted: fit them to the terminal; other texts, such as a compiler's, stay as they are.
        summary: what the short summary shows; the headline unless given.
        told: another case that failed in the same way, which a terminal names in place of all
            lines but the headline.
    """

    def __init__(
        self, lines: Sequence[Line], *, fitted: bool, summary: str = "", told: str | None = None
    ) -> None:
        self.lines = lines
        self.fitted = fitted
        self.told = told
        self.reprcrash = Crash(summary or (str(lines[0]) if lines else ""))

    def __str__(self) -> str:
        """The text alone."""
        return "\n".join(map(str, self.lines))

    def toterminal(self, writer: Writer) -> None:
        """Prints the lines."""
        lines = self.lines
        if self.told is not None:
            lines = [*lines[:1], line(f"  the same failure as that of {self.told}: see there")]
        for each in lines:
            self._print(each, writer)

    def _print(self, each: Line, writer: Writer) -> None:
        if len(each.spans) == 1 and self.fitted:
            for part in wrapped(str(each), writer.fullwidth):
                writer.line(part, **_MARKUP[each.spans[0].style])
            return
        for span in each.spans:
            writer.write(span.text, **_MARKUP[span.style])
        writer.line()


_VARYING = re.compile(r"\b0x[0-9a-f]+\b|\bAI[CV] \d+\b|\b\d+\.\d s\b")


def likeness(text: str, case: str) -> str:
    """A failure's text, in which equal failures of two cases are equal.

    Addresses, cores, seconds and the case's own name are left out.
    """
    return _VARYING.sub("#", text.replace(repr(case), "#"))


def wrapped(text: str, width: int) -> list[str]:
    """The line in parts of at most ``width`` columns, continued ones indented further.

    Words, among them paths, stay whole.
    """
    if len(text) <= width or len(text.split()) < _FEWEST_WORDS:
        return [text]
    indent = min(len(text) - len(text.lstrip()) + _HANGING, width // 2)
    return textwrap.wrap(
        text,
        max(width, _NARROWEST),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
        replace_whitespace=False,
    )


class BuildLines:
    """Says a line now and then while a case waits for its build.

    Each is a line of its own, so that nothing is garbled in a log; the first comes after 3 seconds,
    then one every 3 seconds in a terminal and every 30 elsewhere.
    """

    def __init__(self, say: Callable[[str], None], *, is_terminal: bool) -> None:
        self._say = say
        self._interval = _BUILD_INTERVALS[is_terminal]
        self._next = _FIRST_BUILD_LINE

    def __call__(self, progress: BuildProgress) -> None:
        """Says a line if it is time for one."""
        if progress.seconds < _FIRST_BUILD_LINE:
            self._next = _FIRST_BUILD_LINE
        if progress.seconds < self._next:
            return
        self._next = progress.seconds + self._interval
        self._say(build_line(progress))


def build_line(progress: BuildProgress) -> str:
    """``compiled 3 of 9 sources, waiting for 6 s; compiling a.cpp, b.cpp``."""
    running = ", ".join(progress.running) or "nothing"
    return (
        f"compiled {progress.done} of {progress.total} sources, waiting for "
        f"{progress.seconds:.0f} s; compiling {running}"
    )
