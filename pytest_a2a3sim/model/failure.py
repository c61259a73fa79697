"""What the engine knows of a case that failed.

The names of kinds, phases and accesses are those of the enumerators in ``engine_api.h``, without
their prefix and in lower case.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.recording import Graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import LoadedObject
    from pytest_a2a3sim.model.dump import RawDump


@frozen
class Ending:
    """The engine's a2a3_ending; -1 stands for what is unknown.

    Attributes:
        failure: an ``a2a3_failure``, such as ``"kernel_fault"``.
        phase: an ``a2a3_phase``, such as ``"execute"``.
        core: core type and id, such as ``"AIV 17"``; None where unknown.
        access: an ``a2a3_access``, such as ``"read"``.
        missing_argument: index of the argument that a kernel tried to reach and its task has not.
        phases: seconds by phase.
    """

    failure: str
    phase: str
    task_id: int
    func_id: int
    core: str | None
    signal_number: int
    signal_code: int
    exit_status: int
    address: int | None
    access: str
    stack_overflow: bool
    missing_argument: int
    damage: bool
    exception: bool
    timed_out: bool
    hang_seconds: float
    phases: Mapping[str, float]
    task_count: int
    edge_count: int
    device_bytes_live: int
    refused_bytes: int
    refused_call: int
    peak_rss_bytes: int
    message: str


@frozen
class Place:
    """What the bytes at an address belong to.

    Attributes:
        kind: an ``a2a3_place_kind``, such as ``"near_buffer"``.
        tensor: name of the host tensor, or None.
        index: the element's index in the tensor's own shape, or None.
        buffer: number of the device buffer, from 0 in the order of allocation, or None.
        call: the call of device_malloc that made it, from 1.
        size: of the buffer or tensor, in bytes.
        offset: of the address from its start, in bytes; negative before it.
    """

    kind: str
    tensor: str | None
    index: tuple[int, ...] | None
    buffer: int | None
    call: int
    size: int
    offset: int


@frozen
class TaskArgument:
    """An argument of a task: its 64 bits and what is there if they are an address."""

    value: int
    place: Place


@frozen
class RunningTask:
    """A task that was on a core when the case ended.

    Attributes:
        core: core type and id, such as ``"AIV 17"``.
        seconds: since its start.
        addresses: of its code, innermost call first.
    """

    task_id: int
    func_id: int
    core: str | None
    seconds: float
    arguments: tuple[TaskArgument, ...]
    addresses: tuple[int, ...]


@frozen
class Failure:
    """Everything that is known of a case that failed.

    Attributes:
        place: what the ending's address belongs to, or None without one.
        arguments: of the task at fault.
        addresses: code addresses of the thread at fault, innermost call first.
        running: the tasks that were on a core when the case ended.
        objects: what the simulating process had loaded.
        device_memory: bytes of the simulated device.
        dump: what tasks found and left in their arguments by then; None if nobody asked.
    """

    ending: Ending
    place: Place | None
    arguments: tuple[TaskArgument, ...]
    addresses: tuple[int, ...]
    running: tuple[RunningTask, ...]
    objects: tuple[LoadedObject, ...]
    device_memory: int
    dump: RawDump | None = None

    @property
    def graph(self) -> Graph | None:
        """Its size; None if the case failed before its graph was built."""
        ending = self.ending
        return Graph(ending.task_count, ending.edge_count) if ending.task_count else None

    @property
    def phases(self) -> Mapping[str, float]:
        """Seconds by phase, of those it reached."""
        return self.ending.phases

    @property
    def peak_rss_bytes(self) -> int | None:
        """Most memory that the simulating process had resident; None if it was this process."""
        return self.ending.peak_rss_bytes or None
