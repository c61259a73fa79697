"""Work of a graph that does nothing: information, never a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pytest_a2a3sim.model.source_line import SourceLine


@frozen
class IdleEdge:
    """An edge that could be left out: no data goes along it, neither directly nor through others.

    Attributes:
        source: the task that comes first.
        to: the task that waits for it.
        seconds_saved: how much shorter the critical path is without it.
    """

    source: int
    to: int
    seconds_saved: float


@frozen
class Allocation:
    """A device buffer.

    Attributes:
        number: from 0 in the order of allocation.
        call: the call of device_malloc that made it, from 1.
        size: in bytes.
        source: where that call stands in the orchestration; None where that is unknown.
    """

    number: int
    call: int
    size: int
    source: SourceLine | None


@frozen
class Overwrite:
    """Bytes that were written twice without a read between.

    Attributes:
        first: the task that wrote them in vain; -1 for a copy to the device.
        second: the task that replaced them.
        buffer: where they are.
        bytes: how many.
    """

    first: int
    second: int
    buffer: Allocation
    bytes: int


@frozen
class Waste:
    """What a graph does in vain, for these inputs.

    Attributes:
        idle_edges: those that save the most come first; None where the graph is too large for it.
        unread: buffers that no task reads and that are not copied to or back.
        unread_copies: buffers to which the orchestration copies what no task reads.
        overwrites: the largest first.
        dead_tasks: whose results reach no output.
    """

    idle_edges: tuple[IdleEdge, ...] | None
    unread: tuple[Allocation, ...]
    unread_copies: tuple[Allocation, ...]
    overwrites: tuple[Overwrite, ...]
    dead_tasks: tuple[int, ...]
