"""Each means of touching memory, alone: its first and last byte race, its neighbours do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sanitizer.random_graphs import MEANS_BY_ROLE
from tests.sanitizer.reports import differences, sanitize_graphs
from tests.sanitizer.task_graphs import LARGEST, Role, Span, Step, TaskGraph, add, read, write

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sanitizer.task_graphs import Means

BEGIN = 64


def steps_of(means: Means, span: Span) -> Iterator[tuple[str, Step]]:
    """Each way of touching the span by this means; a copy's other side is in another buffer."""
    other = Span(1, BEGIN, span.size)
    if means.role is Role.MOVE:
        yield "read", Step(means, read=span)
        yield "copied-from", Step(means, other, span)
        yield "copied-to", Step(means, span, other)
    if means.role is Role.ADD:
        yield "add", Step(means, span, span)
    else:
        yield "write", Step(means, span)


def graphs_of(role: Role) -> dict[str, TaskGraph]:
    """Task 0 touches bytes of buffer 0; others one byte in or beside them, by a plain store.

    Each graph is there without edges, and with those that make it clean.
    """
    return {
        f"{means.name}-{name}-{size}{suffix}": TaskGraph(
            (3 * BEGIN, 3 * BEGIN), ((step,), *touching_ends(size)), edges
        )
        for means in MEANS_BY_ROLE[role]
        for size in sizes_of(means)
        for name, step in steps_of(means, Span(0, BEGIN, size))
        for suffix, edges in (("", ()), ("-ordered", ((0, 1), (0, 2), (2, 3), (0, 4))))
    }


def sizes_of(means: Means) -> set[int]:
    largest = LARGEST // means.grain * means.grain
    return {means.grain, min(3 * means.grain, largest), largest}


def touching_ends(size: int) -> list[tuple[Step, ...]]:
    """A byte each: before the span, its first and its last, behind it."""
    bytes_touched = (BEGIN - 1, BEGIN, BEGIN + size - 1, BEGIN + size)
    return [(write(Span(0, byte, 1)),) for byte in bytes_touched]


@pytest.mark.parametrize("role", Role)
def test_first_and_last_byte(pytester: pytest.Pytester, role: Role) -> None:
    graphs = graphs_of(role)
    cases = sanitize_graphs(pytester, graphs)
    found = {name: differences(graph, cases[name]) for name, graph in graphs.items()}
    assert not {name: texts for name, texts in found.items() if texts}


def test_atomic_additions(pytester: pytest.Pytester) -> None:
    """They conflict with all but one another, whatever their widths."""
    word, half, byte = Span(0, 0, 8), Span(0, 4, 4), Span(0, 6, 1)
    steps = {
        "add-64": add(word, "add-64"),
        "add-32": add(half),
        "add-by-reference": add(half, "add-by-reference"),
        "add-8": add(byte, "add-8"),
        "read": read(half, "words-32"),
        "write": write(byte),
        "atomic-read": read(half, "atomic-words"),
        "atomic-write": write(byte, "atomic-bytes"),
    }
    graphs = {
        f"{one}-and-{other}": TaskGraph((8,), ((steps[one],), (steps[other],)))
        for one in steps
        for other in steps
    }
    cases = sanitize_graphs(pytester, graphs)
    found = {name: differences(graph, cases[name]) for name, graph in graphs.items()}
    assert not {name: texts for name, texts in found.items() if texts}
