"""Lines of text whose parts say what they are, so that every place shows them in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDEST_HEADLINE = 100
_SHORTEST_HEADLINE = 50
_PAUSES = (("; ",), (": ",), (", ", " ("), (" ",))  # the best ends of a headline first

Style = Literal["plain", "headline", "passed", "failed", "diagnosis", "warm", "hot"]


@frozen
class Span:
    """A part of a line.

    Attributes:
        text: without line breaks.
        style: what it is: ``headline`` of a failure, verdict on a tensor that ``passed`` or
            ``failed``, ``diagnosis``, columns of a heat strip that are ``warm`` or ``hot``.
    """

    text: str
    style: Style = "plain"


@frozen
class Line:
    """A line; its text is that of its spans."""

    spans: tuple[Span, ...]

    def __str__(self) -> str:
        """The text alone."""
        return "".join(span.text for span in self.spans)

    def indented(self, by: str) -> Line:
        """The same line further to the right."""
        return Line((Span(by), *self.spans))


def line(text: str, style: Style = "plain") -> Line:
    """A line of one style."""
    return Line((Span(text, style),))


def headline(text: str) -> list[str]:
    """The text as a headline of at most 100 columns, and what does not fit as a line of its own.

    It ends before the last reason or list that is too long, else before the last clause. A word
    that is longer alone stays whole.
    """
    if len(text) <= WIDEST_HEADLINE:
        return [text]
    fitting = text[: WIDEST_HEADLINE + 1]
    ends = [max(map(fitting.rfind, pauses)) for pauses in _PAUSES]
    end = next((end for end in ends if end >= _SHORTEST_HEADLINE), max(ends))
    if end <= 0:
        return [text]
    comma = "," if text.startswith(", ", end) else ""
    return [text[:end].rstrip(":;, ") + comma, f"  {text[end:].lstrip(':;, ')}"]


def short_headline(lines: Iterable[Line]) -> tuple[Line, ...]:
    """The lines, the first of which is a headline of at most 100 columns."""
    first, *rest = lines
    if len(str(first)) <= WIDEST_HEADLINE:
        return (first, *rest)
    head, *more = headline(str(first))
    return (line(head, first.spans[0].style), *map(line, more), *rest)


def lines_of(message: str) -> tuple[Line, ...]:
    """The lines of an error's message, the first of which is its headline."""
    first, *rest = message.splitlines() or [""]
    return (line(first, "headline"), *map(line, rest))


def encode(lines: Iterable[Line]) -> list[list[tuple[str, str]]]:
    """Lines as plain lists and strings, as reports travel from xdist workers."""
    return [[(span.text, span.style) for span in each.spans] for each in lines]


def decode(rows: Iterable[Iterable[tuple[str, str]]]) -> tuple[Line, ...]:
    """What :func:`encode` was given."""
    return tuple(
        Line(tuple(Span(text, cast("Style", style)) for text, style in row)) for row in rows
    )


def byte_count(count: int) -> str:
    """``1,024 bytes``."""
    return f"{count:,} byte{'' if count == 1 else 's'}"
