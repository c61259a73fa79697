"""What tasks of random golden directories do, and which of them need an edge."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# By name: how many buffers it reads, its core, and its loop over n elements of y and of what it
# reads (a, b). What accumulates reads y, too.
OPERATIONS = {
    "copy": (1, "aiv", "y[i] = a[i];"),
    "affine": (1, "aic", "y[i] = static_cast<T>(2 * a[i] + 1);"),
    "flip": (1, "aiv", "y[i] = a[n - 1 - i];"),
    "sum": (2, "aiv", "y[i] = static_cast<T>(a[i] + b[i]);"),
    "accumulate": (1, "aiv", "y[i] = static_cast<T>(y[i] + a[i]);"),
}
FUNC_IDS = {name: number for number, name in enumerate(OPERATIONS)}
COMPUTE = """
def compute(steps, buffers):
    for operation, reads, target in steps:
        a, y = buffers[reads[0]], buffers[target]
        if operation == "copy":
            y[...] = a
        elif operation == "affine":
            y[...] = 2 * a + 1
        elif operation == "flip":
            y[...] = a.ravel()[::-1].reshape(a.shape)
        elif operation == "sum":
            y[...] = a + buffers[reads[1]]
        else:
            y[...] += a
"""


@dataclass(frozen=True)
class Step:
    """One operation: what it reads, and where it writes its result."""

    operation: str
    reads: tuple[int, ...]
    target: int

    def used(self) -> set[int]:
        """Buffers whose content matters to it."""
        return {*self.reads, *((self.target,) if self.operation == "accumulate" else ())}

    def disturbs(self, other: Step) -> bool:
        """Whether one of the two writes what the other one uses or writes."""
        return self.target in {*other.used(), other.target} or other.target in self.used()


def needed_edges(steps: list[Step]) -> list[tuple[int, int]]:
    """Edges between steps that disturb one another, but for those that follow from others."""
    edges: list[tuple[int, int]] = []
    for after in range(len(steps)):
        for before in reversed(range(after)):
            if steps[before].disturbs(steps[after]) and not is_ordered(edges, before, after):
                edges.append((before, after))
    return edges


def is_ordered(edges: Iterable[tuple[int, int]], before: int, after: int) -> bool:
    """Whether a path of edges leads from one step to another."""
    successors = [to for start, to in edges if start == before]
    return any(to == after or (to < after and is_ordered(edges, to, after)) for to in successors)


def has_race(steps: list[Step], edges: Collection[tuple[int, int]]) -> bool:
    """Whether two steps disturb one another that the edges do not order."""
    return any(
        steps[before].disturbs(steps[after]) and not is_ordered(edges, before, after)
        for before, after in itertools.combinations(range(len(steps)), 2)
    )
