"""What the engine knows of a case that failed, as immutable data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

PlaceKind = Literal[
    "unknown", "null", "buffer", "near_buffer", "freed_buffer", "tensor", "near_tensor"
]


@dataclass(frozen=True)
class Report:
    """The engine's a2a3_report; -1 stands for what is unknown."""

    failure: str
    phase: str
    task_id: int
    func_id: int
    core_type: int
    core_id: int
    signal_number: int
    signal_code: int
    exit_status: int
    address: int | None
    access: Literal["accessed", "read", "wrote", "jumped"]
    stack_overflow: bool
    damage: bool
    exception: bool
    timed_out: bool
    hang_seconds: float
    phases: Mapping[str, float]
    ticks_per_second: float
    origin_ticks: int
    task_count: int
    edge_count: int
    device_bytes_live: int
    refused_bytes: int
    refused_call: int
    peak_rss_bytes: int
    message: str


@dataclass(frozen=True)
class Place:
    """What the bytes at an address belong to.

    Attributes:
        tensor: name of the host tensor, or None.
        index: the element's index in the tensor's own shape, or None.
        buffer: number of the device buffer, from 0 in the order of allocation, or None.
        call: the call of device_malloc that made it, from 1.
        size: of the buffer or tensor, in bytes.
        offset: of the address from its start, in bytes; negative before it.
    """

    kind: PlaceKind
    tensor: str | None
    index: tuple[int, ...] | None
    buffer: int | None
    call: int
    size: int
    offset: int


@dataclass(frozen=True)
class Argument:
    """An argument of a task: its 64 bits and what is there if they are an address."""

    value: int
    place: Place


@dataclass(frozen=True)
class Frame:
    """One call of a native backtrace; inlined ones have a frame of their own.

    Attributes:
        function: demangled name, or the object and the address in it.
        file: source file as the compiler knew it, or None.
        is_user: it belongs to a kernel or the orchestration.
    """

    function: str
    file: str | None
    line: int | None
    is_user: bool


@dataclass(frozen=True)
class RunningTask:
    """A task that was on a core when the case ended."""

    task_id: int
    func_id: int
    core_type: int
    core_id: int
    seconds: float
    arguments: tuple[Argument, ...]
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Failure:
    """Everything that is known of a case that failed.

    Attributes:
        place: what the report's address belongs to, or None without one.
        arguments: of the task at fault.
        frames: where the thread at fault was, innermost call first.
        running: the tasks that were on a core when the case ended.
        device_memory: bytes of the simulated device.
    """

    report: Report
    place: Place | None
    arguments: tuple[Argument, ...]
    frames: tuple[Frame, ...]
    running: tuple[RunningTask, ...]
    device_memory: int
