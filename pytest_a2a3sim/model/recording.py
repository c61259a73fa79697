"""What the run of a graph left behind: its size, times, and when and where each task ran."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.model.sanitized import Sanitized
    from pytest_a2a3sim.model.spec import KernelSpec


@dataclass(frozen=True)
class Graph:
    """Size of a task graph."""

    tasks: int
    edges: int


@dataclass(frozen=True)
class Recording:
    """A graph that ran to its end, and when and where each of its tasks did.

    Attributes:
        decode: makes the timeline.
        func_ids: kernel of each task, int32 of shape ``(tasks,)``.
        first_successor: where each task's successors begin in ``successors``, uint32 of shape
            ``(tasks + 1,)``.
        successors: ids of the successors of every task, task by task, int32 of shape ``(edges,)``.
        kernels: by func_id.
        block_dim: AIC cores that the graph ran on; there were twice as many AIV cores.
    """

    decode: Callable[[], npt.NDArray[np.void]] = field(repr=False, compare=False)
    func_ids: npt.NDArray[np.int32]
    first_successor: npt.NDArray[np.uint32]
    successors: npt.NDArray[np.int32]
    kernels: Mapping[int, KernelSpec]
    block_dim: int

    @functools.cached_property
    def timeline(self) -> npt.NDArray[np.void]:
        """A record a task, by task id: see :class:`CaseResult`."""
        return self.decode()

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return self.func_ids.size

    @property
    def edges(self) -> int:
        """Number of edges."""
        return self.successors.size


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
class Completion:
    """What the engine knows of a case that ran to its end.

    Attributes:
        graph: its size.
        phases: seconds by phase of the engine.
        recording: timeline and graph.
        copied: what was copied back from the device, in the order of copying.
        peak_rss_bytes: see :class:`CaseResult`.
        order_matters: whether a further order left other outputs, or did not end.
        sanitized: what the sanitizer has found; None if it was not asked.
    """

    graph: Graph
    phases: Mapping[str, float]
    recording: Recording
    copied: tuple[CopiedRange, ...]
    peak_rss_bytes: int | None = None
    order_matters: bool = False
    sanitized: Sanitized | None = None

    def copied_bytes(self, tensor: str) -> int:
        """How many bytes of a tensor were copied back, each counted once."""
        total = end = 0
        ranges = sorted((item.offset, item.size) for item in self.copied if item.tensor == tensor)
        for offset, size in ranges:
            total += max(0, offset + size - max(offset, end))
            end = max(end, offset + size)
        return total
