"""The oracle, on graphs that are decided by looking at them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.sanitizer.oracle import races
from tests.sanitizer.task_graphs import Span, TaskGraph, add, read, write

if TYPE_CHECKING:
    from tests.sanitizer.oracle import Pair
    from tests.sanitizer.task_graphs import Step

LOW, HIGH, ALL = Span(0, 0, 4), Span(0, 4, 4), Span(0, 0, 8)


@pytest.mark.parametrize(
    ("steps", "edges", "racing"),
    [
        ([write(LOW), read(LOW)], [], {(0, 1): "RAW"}),
        ([read(LOW), write(ALL)], [], {(0, 1): "WAR"}),
        ([write(ALL), write(HIGH)], [], {(0, 1): "WAW"}),
        ([write(LOW), write(HIGH)], [], {}),
        ([read(ALL), read(ALL)], [], {}),
        ([add(ALL), add(LOW)], [], {}),
        ([add(ALL), read(LOW)], [], {(0, 1): "RAW"}),
        ([write(LOW), read(LOW)], [(0, 1)], {}),
        ([write(LOW), read(LOW)], [(1, 0)], {}),
        ([write(LOW), read(HIGH), read(LOW)], [(0, 1), (1, 2)], {}),
        ([write(LOW), read(LOW), write(LOW)], [(0, 1)], {(0, 2): "WAW", (1, 2): "WAR"}),
    ],
)
def test_races(steps: list[Step], edges: list[tuple[int, int]], racing: dict[Pair, str]) -> None:
    graph = TaskGraph((8,), tuple((step,) for step in steps), tuple(edges))
    assert {pair: set(race.kinds) for pair, race in races(graph).items()} == {
        pair: {kind} for pair, kind in racing.items()
    }


@pytest.mark.parametrize(
    ("edges", "consequences"),
    [
        ([], {(0, 1): False, (0, 2): False, (1, 2): False}),
        ([(0, 1)], {(0, 2): True, (1, 2): False}),
        ([(1, 0)], {(0, 2): False, (1, 2): True}),
        ([(0, 2)], {(0, 1): False, (1, 2): False}),
    ],
)
def test_consequences(edges: list[tuple[int, int]], consequences: dict[Pair, bool]) -> None:
    graph = TaskGraph((8,), ((write(ALL),),) * 3, tuple(edges))
    assert {pair: race.consequence for pair, race in races(graph).items()} == consequences


def test_overlaps_in_two_buffers() -> None:
    one = (write(Span(0, 2, 4)), write(Span(1, 0, 1)))
    other = (read(Span(0, 4, 9)), read(Span(1, 0, 4)), read(Span(0, 2, 1)))
    (race,) = races(TaskGraph((16, 16), (one, other))).values()
    assert race.overlaps == {0: [2, 4, 5], 1: [0]}
