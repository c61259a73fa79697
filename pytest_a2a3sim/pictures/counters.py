"""What a run had of something over time: ready tasks, device memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.model.recording import CORE_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.pictures.nanoseconds import Clock

Steps = tuple["npt.NDArray[np.int64]", "npt.NDArray[np.int64]"]
"""Times in nanoseconds, ascending, and the value from each of them on."""

_CHUNK = 1 << 16  # tasks whose edges are looked at together


def ready_times(recording: Recording) -> npt.NDArray[np.float64]:
    """When the last predecessor of each task ended, in seconds since the graph started."""
    ends = recording.timeline["end"]
    ready = np.zeros(recording.tasks)
    first = recording.first_successor
    for begin in range(0, recording.tasks, _CHUNK):
        stop = min(begin + _CHUNK, recording.tasks)
        targets = recording.successors[first[begin] : first[stop]]
        np.maximum.at(ready, targets, np.repeat(ends[begin:stop], np.diff(first[begin : stop + 1])))
    return ready


def ready_steps(recording: Recording, clock: Clock) -> Iterator[tuple[str, Steps]]:
    """By core type, how many tasks could have run and did not yet."""
    timeline = recording.timeline
    # Clocks of two CPUs may differ by a little: no task starts before it is ready.
    ready = np.minimum(ready_times(recording), timeline["start"])
    for value, name in enumerate(CORE_TYPES):
        chosen = timeline["core_type"] == value
        if chosen.any():
            up, down = clock.of_graph(ready[chosen]), clock.of_graph(timeline["start"][chosen])
            yield name, _steps(up, down, np.ones(up.size, np.int64))


def memory_steps(buffers: npt.NDArray[np.void], clock: Clock) -> Steps:
    """How many bytes of device memory were allocated."""
    freed = np.isfinite(buffers["freed"])
    sizes = buffers["size"].astype(np.int64)
    up = np.maximum(clock.of_graph(buffers["allocated"]), 0)
    down = np.maximum(clock.of_graph(buffers["freed"][freed]), 0)
    return _steps(up, down, sizes, sizes[freed])


def _steps(
    up: npt.NDArray[np.int64],
    down: npt.NDArray[np.int64],
    added: npt.NDArray[np.int64],
    removed: npt.NDArray[np.int64] | None = None,
) -> Steps:
    """The sum over time of what is added and removed; one value for each time."""
    times = np.concatenate([up, down])
    changes = np.concatenate([added, -(added if removed is None else removed)])
    order = np.argsort(times, kind="stable")
    times, values = times[order], np.cumsum(changes[order])
    last = np.append(times[1:] != times[:-1], True) if times.size else np.zeros(0, np.bool_)
    return times[last], values[last]
