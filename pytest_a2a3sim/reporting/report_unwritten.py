"""Outputs that the device did not write, as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.result import Unwritten

_REASONS = {
    "written": "no kernel wrote them in device memory",
    "copied back": "record_tensor_pair does not cover them",
}


def unwritten_lines(unwritten: Sequence[Unwritten]) -> list[str]:
    """A line an output: ``768 of 4,096 elements were never written; the first is out[0, 3, 0]``."""
    return [
        f"output {item.tensor!r}: {item.count:,} of {item.size:,} elements were never {item.what}; "
        f"the first is {item.tensor}{list(item.first) if item.first else ''} "
        f"({_REASONS[item.what]})"
        for item in unwritten
    ]
