"""Which races the edge of another one would mend, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.model.sanitized import RawFinding

_AT_ONCE = 4096  # races: bits of an int for each task


def ordered_by_others(races: Sequence[RawFinding], recording: Recording) -> list[bool]:
    """Of each race, whether an edge between the tasks of another one orders its tasks.

    That is so where the graph leads from its earlier task to the other's, or they are the same one,
    and from the other's later task to its own, likewise.
    """
    graph = _Graph(recording)
    follows = [False] * len(races)
    for begin in range(0, len(races), _AT_ONCE):
        others = races[begin : begin + _AT_ONCE]
        # Bits of the races whose earlier task a task leads to, or whose later one leads to it.
        ahead, behind = [0] * recording.tasks, [0] * recording.tasks
        for i, race in enumerate(others):
            earlier, later = _in_order(race)
            ahead[earlier] |= 1 << i
            behind[later] |= 1 << i
        for task in reversed(graph.order):
            for successor in graph.successors(task):
                ahead[task] |= ahead[successor]
        for task in graph.order:
            for successor in graph.successors(task):
                behind[successor] |= behind[task]
        for i, race in enumerate(races):
            earlier, later = _in_order(race)
            itself = 1 << i - begin if begin <= i < begin + len(others) else 0
            follows[i] |= bool(ahead[earlier] & behind[later] & ~itself)
    return follows


class _Graph:
    """A graph with its tasks in an order that its edges allow."""

    def __init__(self, recording: Recording) -> None:
        self._first: list[int] = recording.first_successor.tolist()
        self._successors: list[int] = recording.successors.tolist()
        self.order = self._topological(recording.tasks)

    def successors(self, task: int) -> list[int]:
        return self._successors[self._first[task] : self._first[task + 1]]

    def _topological(self, tasks: int) -> list[int]:
        waits_for = [0] * tasks
        for successor in self._successors:
            waits_for[successor] += 1
        order = [task for task in range(tasks) if waits_for[task] == 0]
        for task in order:  # which grows
            for successor in self.successors(task):
                waits_for[successor] -= 1
                if waits_for[successor] == 0:
                    order.append(successor)
        return order


def _in_order(race: RawFinding) -> tuple[int, int]:
    first, second = race.tasks
    return (second, first) if race.is_reversed else (first, second)
