"""What nobody wrote -> lines that say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.lines import Line, line
from pytest_a2a3sim.reporting.text import where_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.diff import Unwritten
    from pytest_a2a3sim.model.result import CaseResult

_NEVER_WRITTEN = {
    "written": "no kernel wrote them in device memory",
    "copied back": "record_tensor_pair does not cover them",
}


def unwritten_lines(unwritten: Sequence[Unwritten]) -> tuple[Line, ...]:
    """A line an output: ``768 of 4,096 elements were never written; the first is out[0, 3, 0]``.

    They come before what else there is to say: the first is the headline.
    """
    texts = [
        f"output {item.tensor!r}: {item.count:,} of {item.size:,} elements were never {item.what}; "
        f"the first is {item.tensor}{list(item.first) if item.first else ''} "
        f"({_NEVER_WRITTEN[item.what]}{_twice(item.twice)})"
        for item in unwritten
    ]
    return (line(texts[0], "headline"), *map(line, texts[1:]))


def _twice(count: int) -> str:
    return f", and others, {count:,} bytes, twice: the wrong addresses?" if count else ""


def chance_lines(result: CaseResult) -> tuple[Line, ...]:
    """About outputs that match although elements of them were never written."""
    how: tuple[str, ...]
    if all(item.what == "copied back" for item in result.unwritten):
        how = ("They match by chance: what is expected is what generate_inputs put there.",)
    else:
        how = (
            "They match by chance: what is expected are the 0xFF bytes of fresh memory. On a",
            "device it holds anything; the kernels must write every element.",
        )
    return (*(line(f"  {text}") for text in how), *where_lines(result))
