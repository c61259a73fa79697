"""Arguments of tasks, and what they may point to, as a run that keeps them has left them."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.model.dump import Description

BUFFER = [("begin", "u8"), ("size", "u8"), ("allocated", "f8"), ("freed", "f8")]
"""Fields of a device buffer: address of its first byte, bytes, and when it was allocated and freed.

Times are seconds since the graph started, negative before that; ``freed`` is infinite for a buffer
that was not.
"""


@frozen
class TaskArguments:
    """The arguments of every task of a graph.

    Attributes:
        first_argument: where each task's begin in ``arguments``, uint64 of shape ``(tasks + 1,)``.
        arguments: pointers and scalars as 64 bits each, task by task, uint64.
        buffers: device buffers by number, :data:`BUFFER`, of ascending addresses.
        descriptions: what ranges of device memory hold.
    """

    first_argument: npt.NDArray[np.uint64]
    arguments: npt.NDArray[np.uint64]
    buffers: npt.NDArray[np.void] = field(repr=False)
    descriptions: tuple[Description, ...]
