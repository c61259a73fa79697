"""Pairs in parts, so that what looks at large ones needs little memory of its own."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.diff import Pair

if TYPE_CHECKING:
    from collections.abc import Iterator

PART = 1 << 20
"""Elements of a part: its temporary arrays have some 8 MiB each."""


def parts(pair: Pair) -> Iterator[tuple[int, Pair]]:
    """A pair cut into pieces of at most ``PART`` elements, and the flat index of each one's first.

    Args:
        pair: of any number of elements, none included.
    """
    tensor = pair.tensor
    itemsize = tensor.nbytes // max(tensor.size, 1)
    for start in range(0, tensor.size, PART):
        count = min(PART, tensor.size - start)
        of_part = slice(start * itemsize, (start + count) * itemsize)
        yield (
            start,
            Pair(
                dataclasses.replace(tensor, shape=(count,), nbytes=count * itemsize),
                pair.actual[of_part],
                pair.expected[of_part],
                pair.tolerance,
                None if pair.compared is None else pair.compared[start : start + count],
                pair.why_not,
            ),
        )
