"""What the run of a graph left behind: its size, times, and when and where each task ran."""

from __future__ import annotations

import functools
from dataclasses import field
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.model.case import LoadedObject
    from pytest_a2a3sim.model.data_flow import DataFlow
    from pytest_a2a3sim.model.dependency import Dependency
    from pytest_a2a3sim.model.dump import RawDump
    from pytest_a2a3sim.model.sanitized import Sanitized
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.spec import KernelSpec
    from pytest_a2a3sim.model.task_arguments import TaskArguments


CORE_TYPES = ("AIC", "AIV")
"""By the number that a timeline has for them."""

_CORES_OF_BLOCK = 3


def core_positions(timeline: npt.NDArray[np.void]) -> npt.NDArray[np.int32]:
    """The core of each task by its position on the device, block by block: AIC, AIV, AIV."""
    ids = timeline["core_id"].astype("i4")
    vector = _CORES_OF_BLOCK * (ids // 2) + 1 + ids % 2
    is_vector = timeline["core_type"] == CORE_TYPES.index("AIV")
    positions: npt.NDArray[np.int32] = _CORES_OF_BLOCK * ids * ~is_vector + vector * is_vector
    return positions


def core_name(position: int) -> str:
    """``AIV 17`` for the position of a core on the device."""
    block, core = divmod(position, _CORES_OF_BLOCK)
    return f"AIC {block}" if core == 0 else f"AIV {2 * block + core - 1}"


@frozen
class Graph:
    """Size of a task graph."""

    tasks: int
    edges: int


@frozen
class Recording:
    """A graph that ran to its end, and when and where each of its tasks did.

    Attributes:
        decode: makes records of a timeline, those of the tasks whose ids it gets.
        func_ids: kernel of each task, int32 of shape ``(tasks,)``.
        first_successor: where each task's successors begin in ``successors``, uint32 of shape
            ``(tasks + 1,)``.
        successors: ids of the successors of every task, task by task, int32 of shape ``(edges,)``.
        kernels: by func_id.
        block_dim: AIC cores that the graph ran on; there were twice as many AIV cores.
        arguments: of the tasks; None if nobody asked.
    """

    decode: Callable[[range | npt.NDArray[np.int32]], npt.NDArray[np.void]] = field(
        repr=False, compare=False
    )
    func_ids: npt.NDArray[np.int32]
    first_successor: npt.NDArray[np.uint32]
    successors: npt.NDArray[np.int32]
    kernels: Mapping[int, KernelSpec]
    block_dim: int
    arguments: TaskArguments | None = None

    @functools.cached_property
    def timeline(self) -> npt.NDArray[np.void]:
        """A record a task, by task id: see :class:`CaseResult`."""
        return self.decode(range(self.tasks))

    @property
    def tasks(self) -> int:
        """Number of tasks."""
        return self.func_ids.size

    @property
    def edges(self) -> int:
        """Number of edges."""
        return self.successors.size

    def has_one_order(self) -> bool:
        """Whether the graph orders every two tasks."""
        bounds, targets = self.first_successor.tolist(), self.successors.tolist()
        waits_for = [0] * self.tasks
        for target in targets:
            waits_for[target] += 1
        ready = [task for task, count in enumerate(waits_for) if count == 0]
        while len(ready) == 1:
            task = ready.pop()
            for target in targets[bounds[task] : bounds[task + 1]]:
                waits_for[target] -= 1
                if waits_for[target] == 0:
                    ready.append(target)
        return not ready


@frozen
class CopiedRange:
    """Bytes of a tensor that a tensor pair copied from the device.

    Attributes:
        tensor: its name.
        offset: of the first byte.
        size: number of bytes.
        changed: of an input's bytes, those that had another value before.
        buffer: number of the device buffer that they came from.
    """

    tensor: str
    offset: int
    size: int
    changed: int
    buffer: int


@frozen
class BufferUse:
    """What a case did with one device buffer.

    Attributes:
        buffer: its number, from 0 in the order of allocation.
        call: of device_malloc that made it, from 1.
        size: bytes.
        copied: bytes that copy_to_device has put into it.
        tensors: host tensors that copy_to_device has read, for any buffer.
        task_count: tasks that have an address in it among their arguments.
        tasks: the first of them, each with its func_id.
        addresses: code addresses of the call that made it, innermost first.
    """

    buffer: int
    call: int
    size: int
    copied: int
    tensors: frozenset[str]
    task_count: int
    tasks: tuple[tuple[int, int], ...]
    addresses: tuple[int, ...]


@frozen
class RingUse:
    """What a ring of a runtime that has some had to hold at a time at most.

    Attributes:
        number: of the ring: how deep the scopes are whose tasks it holds.
        tasks: submitted ones.
        nbytes: of outputs that got memory with their tasks.
        dependencies: entries.
    """

    number: int
    tasks: int
    nbytes: int
    dependencies: int

    @property
    def smallest(self) -> dict[str, int]:
        """The smallest sizes that would do, by the variables that set them."""
        return {
            "PTO2_RING_TASK_WINDOW": max(4, _power_of_two(self.tasks + 1)),
            "PTO2_RING_HEAP": max(1024, _power_of_two(self.nbytes)),
            "PTO2_RING_DEP_POOL": max(4, self.dependencies + 1),
        }


def _power_of_two(least: int) -> int:
    return 1 << max(0, least - 1).bit_length()


@frozen
class Completion:
    """What the engine knows of a case that ran to its end.

    Attributes:
        graph: its size.
        phases: seconds by phase of the engine; each begins when the one before it ends.
        recording: timeline and graph.
        copied: what was copied back from the device, in the order of copying.
        started: when the first phase began, in seconds of the monotonic clock.
        peak_rss_bytes: see :class:`CaseResult`.
        order_matters: whether a further order left other outputs, or did not end.
        pair_order: the last further order of two tasks that nothing orders and that use the same
            bytes, if there was one: the one that left other outputs, if none of
            :attr:`RunOptions.orders` did.
        quick: whether its graph took no more CPU time than further orders are allowed for.
        buffers: device buffers that were allocated.
        use: of the buffer that was to be described.
        objects: what the simulating process had loaded, where a buffer is described.
        sanitized: what the sanitizer has found; None if it was not asked.
        data_flow: which tasks work on what other ones left; None if nobody asked.
        rings: of a runtime that has rings, those that held a task, from the outermost scope on.
        dependencies: why tasks wait for others, where a runtime finds that out; empty if nobody
            asked.
        described: ranges of device memory that the orchestration has described.
        dump: what tasks found and left in their arguments; None if nobody asked.
    """

    graph: Graph
    phases: Mapping[str, float]
    recording: Recording
    copied: tuple[CopiedRange, ...]
    started: float = 0.0
    peak_rss_bytes: int | None = None
    order_matters: bool = False
    pair_order: Schedule | None = None
    quick: bool = False
    buffers: int = 0
    use: BufferUse | None = None
    objects: tuple[LoadedObject, ...] = ()
    sanitized: Sanitized | None = None
    data_flow: DataFlow | None = None
    rings: tuple[RingUse, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    described: int = 0
    dump: RawDump | None = None

    def copied_bytes(self, tensor: str) -> int:
        """How many bytes of a tensor were copied back, each counted once."""
        total = end = 0
        ranges = sorted((item.offset, item.size) for item in self.copied if item.tensor == tensor)
        for offset, size in ranges:
            total += max(0, offset + size - max(offset, end))
            end = max(end, offset + size)
        return total
