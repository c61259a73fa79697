"""DataFlow -> Waste: what a graph does in vain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.engine.graph import TimedGraph
from pytest_a2a3sim.model.data_flow import HOST, NOBODY
from pytest_a2a3sim.model.waste import IdleEdge, Overwrite, Waste

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.data_flow import DataFlow
    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.model.waste import Allocation

MOST_TASKS = 4096
"""Of a graph whose edges are examined."""

_MOST_TIMED = 64


def waste_of(recording: Recording, data: DataFlow, describe: Callable[[int], Allocation]) -> Waste:
    """What a graph does in vain.

    Args:
        recording: of the graph.
        data: its flows.
        describe: tells about a device buffer by its number.
    """
    read = {flow.buffer for flow in data.flows if flow.kind == "RAW"}
    read_from_host = {
        flow.buffer for flow in data.flows if flow.kind == "RAW" and flow.source == HOST
    }
    copied = {flow.buffer for flow in data.flows if _is_copy(flow.source, flow.to)}
    overwrites = [
        Overwrite(flow.source, flow.to, describe(flow.buffer), flow.unread_bytes)
        for flow in data.flows
        if flow.unread_bytes
    ]
    return Waste(
        idle_edges=None if recording.tasks > MOST_TASKS else _idle_edges(recording, data),
        unread=tuple(describe(buffer) for buffer in sorted(data.buffers.keys() - read - copied)),
        unread_copies=tuple(describe(buffer) for buffer in sorted(copied - read_from_host)),
        overwrites=tuple(sorted(overwrites, key=lambda item: -item.bytes)),
        dead_tasks=_dead_tasks(recording.tasks, data),
    )


def _is_copy(source: int, to: int) -> bool:
    return source == NOBODY and to == HOST


def _dead_tasks(tasks: int, data: DataFlow) -> tuple[int, ...]:
    """Tasks from which no path of reads leads to what is copied back."""
    sources = defaultdict(set)
    for flow in data.flows:
        if flow.kind == "RAW" and flow.source >= 0:
            sources[flow.to].add(flow.source)
    alive: set[int] = set()
    waiting = [HOST]
    while waiting:
        new = sources[waiting.pop()] - alive
        alive |= new
        waiting += new
    return tuple(task for task in range(tasks) if task not in alive)


class _Reach:
    """Which tasks come after which, as a bit a task in an int a task."""

    def __init__(self, successors: Sequence[Sequence[int]]) -> None:
        self._successors = successors
        order = _topological(successors)
        self.after = [0] * len(successors)
        for task in reversed(order):
            for to in successors[task]:
                self.after[task] |= self.after[to] | 1 << to
        self.before = [0] * len(successors)
        for task in order:
            for to in successors[task]:
                self.before[to] |= self.before[task] | 1 << task

    def after_without(self, start: int, edge: tuple[int, int]) -> int:
        """What comes after a task in the graph without an edge."""
        found = 0
        waiting = [start]
        while waiting:
            task = waiting.pop()
            for to in self._successors[task]:
                if (task, to) != edge and not found >> to & 1:
                    found |= 1 << to
                    waiting.append(to)
        return found


def _topological(successors: Sequence[Sequence[int]]) -> list[int]:
    missing = [0] * len(successors)
    for targets in successors:
        for to in targets:
            missing[to] += 1
    order = [task for task, count in enumerate(missing) if count == 0]
    for task in order:
        for to in successors[task]:
            missing[to] -= 1
            if missing[to] == 0:
                order.append(to)
    return order


def _idle_edges(recording: Recording, data: DataFlow) -> tuple[IdleEdge, ...]:
    """Edges that no data needs, and without which all that it needs stays in order."""
    successors = [
        recording.successors[
            recording.first_successor[i] : recording.first_successor[i + 1]
        ].tolist()
        for i in range(recording.tasks)
    ]
    graph = _Reach(successors)
    needed: list[set[int]] = [set() for _ in successors]
    for flow in data.flows:
        if flow.source >= 0 and flow.to >= 0 and graph.after[flow.source] >> flow.to & 1:
            needed[flow.source].add(flow.to)
    by_data = _Reach([sorted(targets) for targets in needed])
    idle = [
        (source, to)
        for source, targets in enumerate(successors)
        for to in dict.fromkeys(targets)
        if not by_data.after[source] >> to & 1 and _is_free(graph, needed, (source, to))
    ]
    saved = _seconds_saved(recording, idle[:_MOST_TIMED])
    edges = [
        IdleEdge(*edge, seconds)
        for edge, seconds in zip(idle, [*saved, *[0.0] * len(idle)], strict=False)
    ]
    return tuple(sorted(edges, key=lambda edge: -edge.seconds_saved))


def _is_free(graph: _Reach, needed: Sequence[set[int]], edge: tuple[int, int]) -> bool:
    """Whether every pair of tasks with data between them stays in order without an edge."""
    source, to = edge
    if graph.after_without(source, edge) >> to & 1:
        return True
    earlier = graph.before[source] | 1 << source
    later = graph.after[to] | 1 << to
    for task in _members(earlier):
        pairs = [other for other in needed[task] if later >> other & 1]
        if pairs and any(not graph.after_without(task, edge) >> other & 1 for other in pairs):
            return False
    return True


def _members(bits: int) -> Iterable[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _seconds_saved(recording: Recording, edges: Sequence[tuple[int, int]]) -> list[float]:
    """How much shorter the critical path is without each edge alone."""
    timeline = recording.timeline
    seconds = timeline["end"] - timeline["start"]
    before = _critical_seconds(recording, seconds)
    saved = []
    for source, to in edges:
        begin = recording.first_successor[source]
        end = recording.first_successor[source + 1]
        same = begin + np.flatnonzero(recording.successors[begin:end] == to)
        first = recording.first_successor.copy()
        first[source + 1 :] -= np.uint32(len(same))
        without = replace(
            recording, first_successor=first, successors=np.delete(recording.successors, same)
        )
        saved.append(before - _critical_seconds(without, seconds))
    return saved


def _critical_seconds(recording: Recording, seconds: npt.NDArray[np.float64]) -> float:
    return float(seconds[TimedGraph(recording, seconds).critical_path()].sum())
