"""What the run of a graph left behind: its size, times, and when and where each task ran."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from pytest_a2a3sim.spec import KernelSpec

_RECORD = np.dtype([("start_and_core", np.uint64), ("end_and_thread", np.uint64)])
_TIMELINE = np.dtype(
    [
        ("start", np.float64),
        ("end", np.float64),
        ("func_id", np.int32),
        ("core_type", np.int16),
        ("core_id", np.int16),
        ("thread", np.int32),
    ]
)
_LOW_BITS = np.uint64(16)
_LOW_MASK = np.uint64(0xFFFF)


@dataclass(frozen=True)
class Recording:
    """The engine's records, decoded when somebody asks for them.

    Attributes:
        memory: bytes as ``a2a3_run_map_recording`` describes them.
        tasks: number of tasks.
        edges: number of edges.
        ticks_per_second: of the records.
        kernels: by func_id.
        block_dim: AIC cores that the graph ran on; there were twice as many AIV cores.
    """

    memory: Any
    tasks: int
    edges: int
    ticks_per_second: float
    kernels: Mapping[int, KernelSpec]
    block_dim: int

    @functools.cached_property
    def timeline(self) -> npt.NDArray[np.void]:
        """See :class:`CaseResult`."""
        raw = np.frombuffer(self.memory, _RECORD, self.tasks)
        timeline = np.empty(self.tasks, dtype=_TIMELINE)
        scale = 1.0 / self.ticks_per_second
        timeline["start"] = (raw["start_and_core"] >> _LOW_BITS) * scale
        timeline["end"] = (raw["end_and_thread"] >> _LOW_BITS) * scale
        timeline["core_id"] = raw["start_and_core"] & _LOW_MASK
        timeline["thread"] = raw["end_and_thread"] & _LOW_MASK
        timeline["func_id"] = self.func_ids
        kernels, index = np.unique(self.func_ids, return_inverse=True)
        core_types = [self.kernels[int(kernel)].core_type == "aiv" for kernel in kernels]
        timeline["core_type"] = np.array(core_types, dtype=np.int16)[index]
        return timeline

    @functools.cached_property
    def func_ids(self) -> npt.NDArray[np.int32]:
        """Kernel of each task, shape ``(tasks,)``."""
        return self._array(np.int32, 0, self.tasks)

    @functools.cached_property
    def first_successor(self) -> npt.NDArray[np.uint32]:
        """Where each task's successors begin in ``successors``, shape ``(tasks + 1,)``."""
        return self._array(np.uint32, self.tasks, self.tasks + 1)

    @functools.cached_property
    def successors(self) -> npt.NDArray[np.int32]:
        """Ids of the successors of every task, task by task, shape ``(edges,)``."""
        return self._array(np.int32, 2 * self.tasks + 1, self.edges)

    def _array(self, kind: Any, words_before: int, count: int) -> npt.NDArray[Any]:
        offset = self.tasks * _RECORD.itemsize + 4 * words_before
        return np.frombuffer(self.memory, kind, count, offset)


@dataclass(frozen=True)
class Graph:
    """Size of a task graph."""

    tasks: int
    edges: int


@dataclass(frozen=True)
class CopiedRange:
    """Bytes of a tensor that a tensor pair copied from the device.

    Attributes:
        tensor: its name.
        offset: of the first byte.
        size: number of bytes.
        changed: of an input's bytes, those that had another value before.
    """

    tensor: str
    offset: int
    size: int
    changed: int


@dataclass(frozen=True)
class RunOutcome:
    """What the engine knows of a case that ran to its end.

    Attributes:
        graph: its size.
        phases: seconds by phase of the engine.
        recording: timeline and graph.
        copied: what was copied back from the device, in the order of copying.
        peak_rss_bytes: see :class:`CaseResult`.
    """

    graph: Graph
    phases: Mapping[str, float]
    recording: Recording
    copied: tuple[CopiedRange, ...]
    peak_rss_bytes: int | None = None

    def copied_bytes(self, tensor: str) -> int:
        """How many bytes were copied back into a tensor."""
        return sum(item.size for item in self.copied if item.tensor == tensor)
