"""A graph with the times of its tasks, for the engine's list scheduling and critical path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim._engine import ffi, lib
from pytest_a2a3sim.running.status import check

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_a2a3sim.running.recording import Recording


class TimedGraph:
    """A graph and how long each task takes, as the engine reads it.

    Args:
        recording: the graph.
        seconds: of each task, float64 of shape ``(tasks,)``.
        core_types: 0 (AIC) or 1 (AIV) of each task, shape ``(tasks,)``.
    """

    def __init__(
        self,
        recording: Recording,
        seconds: npt.NDArray[np.float64],
        core_types: npt.NDArray[np.int16],
    ) -> None:
        self._graph = ffi.new("a2a3_timed_graph*")
        self._graph.task_count = recording.tasks
        self._keep = [
            ffi.from_buffer("double[]", np.ascontiguousarray(seconds, dtype=np.float64)),
            ffi.from_buffer("int8_t[]", core_types.astype(np.int8)),
            ffi.from_buffer("uint32_t[]", recording.first_successor),
            ffi.from_buffer("int32_t[]", recording.successors),
        ]
        graph = self._graph
        graph.seconds, graph.core_types, graph.first_successor, graph.successors = self._keep

    def makespan(self, block_dim: int) -> float:
        """Seconds that list scheduling needs on that many AIC and twice as many AIV cores."""
        seconds = ffi.new("double*")
        check(lib.a2a3_list_schedule(self._graph, block_dim, seconds), "list scheduling")
        return float(seconds[0])

    def critical_path(self) -> list[int]:
        """Ids of the tasks of a longest path, first task first."""
        path = ffi.new("int32_t[]", self._graph.task_count)
        length = ffi.new("int32_t*")
        check(lib.a2a3_critical_path(self._graph, path, length), "the critical path")
        return list(ffi.unpack(path, length[0]))
