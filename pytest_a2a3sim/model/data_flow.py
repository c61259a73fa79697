"""Which tasks work on what other ones left, as a serial run of instrumented kernels shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import LoadedObject
    from pytest_a2a3sim.model.sanitized import RawBuffer

HOST = -1
"""In place of a task: copied to the device, or back from it."""

NOBODY = -2
"""In place of a task: bytes that were never written."""


@frozen
class Flow:
    """Bytes of a device buffer by which one task comes after another one.

    Attributes:
        kind: ``RAW``: ``to`` reads what ``source`` wrote; ``WAR``: it replaces what ``source``
            reads; ``WAW``: it replaces what ``source`` wrote.
        source: a task, :data:`HOST` or :data:`NOBODY`.
        to: a task; :data:`HOST` for what is copied back.
        buffer: number of the device buffer.
        bytes: how many.
        tensor: name of the host's tensor that ``source`` or ``to`` is about, where it is
            :data:`HOST`; None if it is none.
        unread_bytes: of a WAW: those that nobody had read before they were replaced.
    """

    kind: Literal["RAW", "WAR", "WAW"]
    source: int
    to: int
    buffer: int
    bytes: int
    unread_bytes: int
    tensor: str | None


@frozen
class DataFlow:
    """All flows of a graph.

    Attributes:
        flows: in the order in which a serial run met them.
        arguments: of each task.
        writers: who wrote the bytes last that were asked for: a task, :data:`HOST` or
            :data:`NOBODY`.
        buffers: every device buffer, by number.
        objects: what the simulating process had loaded.
    """

    flows: tuple[Flow, ...]
    arguments: tuple[tuple[int, ...], ...]
    writers: tuple[int, ...]
    buffers: Mapping[int, RawBuffer]
    objects: tuple[LoadedObject, ...]
