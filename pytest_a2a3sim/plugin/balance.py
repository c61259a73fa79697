"""How tests are handed out to xdist's workers where it is known how long cases take."""

from __future__ import annotations

import itertools
import statistics
from typing import TYPE_CHECKING, Any

from xdist.scheduler import LoadScheduling

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xdist.workermanage import WorkerController

_LONG = 1 / 8
"""A case that takes longer than this part of a worker's share begins before all that do not."""

_SENT = 1 / 2
"""Of what is left, a worker gets this part of its share at most, unless one case is longer."""

_ORDINARY = 0.01  # seconds that a test is said to take that is no case
_AHEAD = 2  # a worker begins a test when it knows the next one, for which fixtures may stay


@frozen
class Plan:
    """In which order tests are handed out, and which go to one worker.

    Attributes:
        files: of all tests, in the order of their collection.
        seconds: that each is expected to take.
        workers: how many there are.
    """

    files: Sequence[str]
    seconds: Sequence[float]
    workers: int

    @classmethod
    def of(cls, nodeids: Sequence[str], seconds: Mapping[str, float | None], workers: int) -> Plan:
        """From what cases took when they passed last; None where that is not known."""
        known = [*filter(None, seconds.values())]
        usual = statistics.fmean(known) if known else 0.0
        return cls(
            [nodeid.partition("::")[0] for nodeid in nodeids],
            [(seconds[nodeid] or usual) if nodeid in seconds else _ORDINARY for nodeid in nodeids],
            workers,
        )

    def order(self) -> list[int]:
        """Long cases, then golden directories by the sum of their cases, in their order."""
        long = self._share(range(len(self.files))) * _LONG
        sums = dict.fromkeys(self.files, 0.0)
        for file, seconds in zip(self.files, self.seconds, strict=True):
            sums[file] += seconds
        places = {file: place for place, file in enumerate(sums)}

        def key(index: int) -> tuple[float, ...]:
            seconds, file = self.seconds[index], self.files[index]
            return (-seconds,) if seconds > long else (0.0, -sums[file], places[file])

        return sorted(range(len(self.files)), key=key)

    def piece(self, pending: Sequence[int]) -> list[int]:
        """What a worker gets next: neighbours of one file."""
        return [*self._piece(pending, self._share(pending) * _SENT)]

    def _piece(self, pending: Sequence[int], most: float) -> Iterator[int]:
        for index in itertools.takewhile(
            lambda i: self.files[i] == self.files[pending[0]], pending
        ):
            most -= self.seconds[index]
            if most < 0 and index != pending[0]:
                return
            yield index

    def _share(self, indices: Sequence[int]) -> float:
        return sum(self.seconds[index] for index in indices) / self.workers


class LongestFirst(LoadScheduling):  # type: ignore[misc]  # xdist has no type information
    """xdist's load scheduling, but for what a worker gets next.

    Args:
        config: of the session.
        log: of xdist.
        known: says, when all workers have collected, how many seconds cases took; by node id.
    """

    collection: list[str] | None
    pending: list[int]
    node2pending: dict[WorkerController, list[int]]

    def __init__(
        self, config: Any, log: Any, known: Callable[[], Mapping[str, float | None]]
    ) -> None:
        super().__init__(config, log)
        self._known = known
        self._plan: Plan | None = None

    def schedule(self) -> None:
        """Hands out what the workers begin with."""
        seconds = self._known() if self.collection is None else {}
        if not any(seconds.values()):
            super().schedule()
            return
        if not self._check_nodes_have_same_collection():
            return
        self.collection = next(iter(self.node2collection.values()))
        self._plan = Plan.of(self.collection, seconds, len(self.nodes))
        self.pending[:] = self._plan.order()
        for node in self.nodes:
            self._send(node, self._plan.piece(self.pending))
        for node in self.nodes:
            if len(self.node2pending[node]) < _AHEAD:
                self._send(node, self.pending[-1:])  # the shortest waits behind the longest
        for node in self.nodes:
            self.check_schedule(node)

    def check_schedule(self, node: WorkerController, duration: float = 0) -> None:
        """Sends a worker the next piece when the last test of the one before begins."""
        if self._plan is None:
            super().check_schedule(node, duration)
            return
        while not node.shutting_down and len(self.node2pending[node]) < _AHEAD:
            if not self.pending:
                node.shutdown()
            self._send(node, self._plan.piece(self.pending))

    def _send(self, node: WorkerController, indices: Sequence[int]) -> None:
        for index in indices:
            self.pending.remove(index)
        if indices:
            self.node2pending[node].extend(indices)
            node.send_runtest_some(indices)
