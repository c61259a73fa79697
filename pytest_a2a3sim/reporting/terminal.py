"""A failure's text on a terminal: coloured where pytest colours, never wider than the screen."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.report import DIAGNOSIS_MARK, HEAT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest._io import TerminalWriter

_VERDICT = re.compile(r"\S+: (PASS|FAIL) \(\d+/\d+ elements matched\)")
_STRIP = re.compile(rf"  \|[{re.escape(HEAT)}]+\|")
_HANGING = 4  # columns by which continued lines are indented further
_NARROWEST = 20
_FEWEST_WORDS = 3  # a label and a path stay on one line


@dataclass(frozen=True)
class Crash:
    """What pytest's short summary shows of a failure."""

    message: str


class FailureText:
    """What a failed case says, in the form in which pytest prints failures.

    A report of ours is fitted to the terminal; other texts, such as a compiler's, stay as they are.
    """

    def __init__(self, text: str, *, fitted: bool) -> None:
        self.text = text
        self.fitted = fitted
        self.reprcrash = Crash(text.splitlines()[0] if text else "")

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: TerminalWriter) -> None:
        """Prints the text."""
        for number, line in enumerate(self.text.splitlines()):
            markup = _markup(line, first=number == 0)
            for part in wrapped(line, writer.fullwidth) if self.fitted else [line]:
                if _STRIP.fullmatch(part):
                    _print_strip(writer, part)
                else:
                    writer.line(part, **markup)


def wrapped(line: str, width: int) -> list[str]:
    """The line in parts of at most ``width`` columns, continued ones indented further.

    Words, among them paths, stay whole.
    """
    if len(line) <= width or len(line.split()) < _FEWEST_WORDS:
        return [line]
    indent = min(len(line) - len(line.lstrip()) + _HANGING, width // 2)
    return textwrap.wrap(
        line,
        max(width, _NARROWEST),
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
        replace_whitespace=False,
    )


def _markup(line: str, *, first: bool) -> dict[str, bool]:
    verdict = _VERDICT.fullmatch(line)
    if verdict is not None:
        return (
            {"bold": True, "green": True} if verdict[1] == "PASS" else {"bold": True, "red": True}
        )
    if first:
        return {"red": True}
    if line.lstrip().startswith(DIAGNOSIS_MARK):
        return {"bold": True, "yellow": True}
    return {}


def _print_strip(writer: TerminalWriter, strip: str) -> None:
    for run in _runs(strip):
        heat = HEAT.find(run[0])
        writer.write(run, red=heat > len(HEAT) // 2, yellow=0 < heat <= len(HEAT) // 2)
    writer.line()


def _runs(text: str) -> Iterator[str]:
    for match in re.finditer(r"(.)\1*", text):
        yield match[0]
