"""What a run had of something over time: ready tasks, device memory.

Memory is bounded, however large a graph is: its tasks are looked at a window at a time, and what
changes more often than a picture can show is counted in equal slots of time.
"""

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

MOST_STEPS = 1 << 16  # of a counter
_CHUNK = 1 << 16  # tasks whose edges are looked at together
_WINDOW = 1 << 20  # tasks whose times of being ready are in memory


def ready_steps(recording: Recording, clock: Clock) -> Iterator[tuple[str, Steps]]:
    """By core type, how many tasks could have run and did not yet."""
    counts = np.zeros(len(CORE_TYPES), np.int64)
    last = 0.0
    for first in range(0, recording.tasks, _CHUNK):
        times = recording.decode(_chunk(first, recording.tasks))
        counts += np.bincount(times["core_type"], minlength=len(CORE_TYPES))
        last = max(last, float(times["start"].max()))
    end = int(clock.of_graph(np.array([last]))[0])
    changes = [_Changes(2 * int(count), clock.graph, end) for count in counts]
    for first in range(0, recording.tasks, _WINDOW):
        ready = _ready_times(recording, first, min(first + _WINDOW, recording.tasks))
        for begin in range(0, ready.size, _CHUNK):
            part = ready[begin : begin + _CHUNK]
            times = recording.decode(range(first + begin, first + begin + part.size))
            # Clocks of two CPUs may differ by a little: no task starts before it is ready.
            up = clock.of_graph(np.minimum(part, times["start"]))
            down = clock.of_graph(times["start"])
            for value, change in enumerate(changes):
                chosen = times["core_type"] == value
                change.add(up[chosen], 1)
                change.add(down[chosen], -1)
    for name, count, change in zip(CORE_TYPES, counts, changes, strict=True):
        if count:
            yield name, change.steps()


def _ready_times(recording: Recording, first: int, end: int) -> npt.NDArray[np.float64]:
    """When the last predecessor of each of these tasks ended, since the graph started."""
    ready = np.zeros(end - first)
    bounds = recording.first_successor
    for begin in range(0, recording.tasks, _CHUNK):
        tasks = _chunk(begin, recording.tasks)
        of_tasks = bounds[begin : tasks.stop + 1]
        targets = recording.successors[of_tasks[0] : of_tasks[-1]] - first
        ends = np.repeat(recording.decode(tasks)["end"], np.diff(of_tasks))
        here = (targets >= 0) & (targets < ready.size)
        np.maximum.at(ready, targets[here], ends[here])
    return ready


def _chunk(first: int, tasks: int) -> range:
    return range(first, min(first + _CHUNK, tasks))


def memory_steps(buffers: npt.NDArray[np.void], clock: Clock) -> Steps:
    """How many bytes of device memory were allocated."""
    freed = np.isfinite(buffers["freed"])
    up = np.maximum(clock.of_graph(buffers["allocated"]), 0)
    down = np.maximum(clock.of_graph(buffers["freed"][freed]), 0)
    sizes = buffers["size"].astype(np.int64)
    ends = (int(part.max(initial=0)) for part in (up, down))
    changes = _Changes(up.size + down.size, int(up.min(initial=0)), max(ends))
    changes.add(up, sizes)
    changes.add(down, -sizes[freed])
    return changes.steps()


class _Changes:
    """The sum over time of what is added to it.

    Args:
        count: of changes: up to MOST_STEPS are kept as they are, more of them are summed up in
            slots of time.
        begin: the first time, in nanoseconds.
        end: the last one.
    """

    def __init__(self, count: int, begin: int, end: int) -> None:
        self._parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
        self._begin = begin
        self._width = max(1, -(-(end - begin + 1) // MOST_STEPS))
        self._slots = None if count <= MOST_STEPS else np.zeros(MOST_STEPS, np.int64)

    def add(self, times: npt.NDArray[np.int64], values: npt.NDArray[np.int64] | int) -> None:
        """Adds ``values`` from ``times`` on."""
        values = np.broadcast_to(np.asarray(values, np.int64), times.shape)
        if self._slots is None:
            self._parts.append((times, values))
        else:
            np.add.at(self._slots, (times - self._begin) // self._width, values)

    def steps(self) -> Steps:
        """One value for each time at which there is a new one; of a slot, the one at its end."""
        if self._slots is not None:
            times = self._begin + self._width * np.arange(1, MOST_STEPS + 1) - 1
            values = np.cumsum(self._slots)
            changed = np.flatnonzero(np.append(True, self._slots[1:] != 0))
            return times[changed], values[changed]
        if not self._parts:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        times, changes = (np.concatenate(part) for part in zip(*self._parts, strict=True))
        order = np.argsort(times, kind="stable")
        times, values = times[order], np.cumsum(changes[order])
        last = np.append(times[1:] != times[:-1], [True] * min(1, times.size))
        return times[last], values[last]
