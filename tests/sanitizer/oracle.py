"""Which tasks of a graph race, straight from the definition."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Flag, auto
from itertools import combinations
from typing import TYPE_CHECKING

from tests.sanitizer.task_graphs import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.sanitizer.task_graphs import TaskGraph

Pair = tuple[int, int]  # of task ids, the lower one first


class Touch(Flag):
    """What a task does to a byte. An atomic addition is neither a read nor a write."""

    READ = auto()
    WRITE = auto()
    ADD = auto()


_READS = Touch.READ | Touch.ADD
_WRITES = Touch.WRITE | Touch.ADD


@dataclass(frozen=True)
class Race:
    """Two tasks that the graph does not order, and what they conflict on.

    Attributes:
        kinds: RAW, WAR, WAW by the order of ids; any of them describes the race.
        overlaps: buffer → its conflicting bytes, ascending.
        consequence: whether the edge of another race (from the lower id to the higher) orders them.
    """

    kinds: frozenset[str]
    overlaps: Mapping[int, list[int]]
    consequence: bool


def touched(graph: TaskGraph, task: int) -> dict[tuple[int, int], Touch]:
    """What the task does to each (buffer, byte)."""
    touches: dict[tuple[int, int], Touch] = defaultdict(lambda: Touch(0))
    for step in graph.tasks[task]:
        is_addition = step.means.role is Role.ADD
        for span, touch in ((step.write, Touch.WRITE), (step.read, Touch.READ)):
            for byte in span.bytes if span else ():
                assert span is not None
                touches[span.buffer, byte] |= Touch.ADD if is_addition else touch
    return touches


def reachable(graph: TaskGraph, extra: tuple[Pair, ...] = ()) -> list[set[int]]:
    """By task: the tasks that start only after it."""
    successors = defaultdict(set)
    for before, after in (*graph.edges, *extra):
        successors[before].add(after)
    found: list[set[int]] = []
    for task in range(len(graph.tasks)):
        seen: set[int] = set()
        waiting = [task]
        while waiting:
            new = successors[waiting.pop()] - seen
            seen |= new
            waiting += new
        found.append(seen)
    return found


def ordered(pair: Pair, after: list[set[int]]) -> bool:
    """Whether one task of the pair always runs after the other one."""
    return pair[1] in after[pair[0]] or pair[0] in after[pair[1]]


def _conflict(one: Touch, other: Touch) -> frozenset[str]:
    """The kinds of conflict between what two tasks do to a byte, `one` having the lower id."""
    if one | other == Touch.ADD:
        return frozenset()
    kinds = {
        "RAW": one & _WRITES and other & _READS,
        "WAR": one & _READS and other & _WRITES,
        "WAW": one & _WRITES and other & _WRITES,
    }
    return frozenset(kind for kind, applies in kinds.items() if applies)


def races(graph: TaskGraph) -> dict[Pair, Race]:
    after = reachable(graph)
    touches = [touched(graph, task) for task in range(len(graph.tasks))]
    conflicts: dict[Pair, tuple[frozenset[str], dict[int, list[int]]]] = {}
    for pair in combinations(range(len(graph.tasks)), 2):
        one, other = (touches[task] for task in pair)
        kinds: frozenset[str] = frozenset()
        overlaps: dict[int, list[int]] = defaultdict(list)
        for place in sorted(one.keys() & other.keys()):
            if found := _conflict(one[place], other[place]):
                kinds |= found
                overlaps[place[0]].append(place[1])
        if kinds and not ordered(pair, after):
            conflicts[pair] = (kinds, overlaps)
    with_edge = {pair: reachable(graph, (pair,)) for pair in conflicts}
    return {
        pair: Race(
            kinds,
            overlaps,
            any(ordered(pair, with_edge[other]) for other in conflicts if other != pair),
        )
        for pair, (kinds, overlaps) in conflicts.items()
    }
