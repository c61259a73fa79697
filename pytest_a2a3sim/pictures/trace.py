"""A case that ran to its end -> a trace in the Trace Event Format, which Perfetto opens.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times
are microseconds with three decimals; a slice is an event ``X``, an arrow a pair of events ``s`` and
``f``, a counter events ``C``.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.model.recording import core_name, core_positions
from pytest_a2a3sim.pictures.argument_words import ArgumentWords
from pytest_a2a3sim.pictures.counters import memory_steps, ready_steps
from pytest_a2a3sim.pictures.nanoseconds import Clock, microseconds
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import TextIO

    import numpy.typing as npt

    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.model.result import CaseFacts

_DEVICE = 1
_HOST = 2
_CHUNK = 8192  # tasks, or events of a counter, whose text is in memory at a time
_FAST = 3  # of gzip's nine levels
_ENGINE_PHASES = ("start", "load", "orchestrate", "check", "execute", "copy_back", "orders")


def write_trace(path: Path, recording: Recording, facts: CaseFacts, name: str) -> None:
    """Writes a trace as gzip; what stands at ``path`` is replaced when all of it is written.

    Args:
        path: of the file, whose directory is made if need be; ``.json.gz`` is what viewers take.
        recording: of the run, with arguments.
        facts: times of the phases.
        name: of the case.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with (
            unfinished.open("wb") as file,
            gzip.GzipFile("", "wb", _FAST, file, mtime=0) as packed,
            io.TextIOWrapper(packed, encoding="ascii", write_through=False) as text,
        ):
            _write(text, recording, facts, name)
        unfinished.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink()
        raise


def _write(text: TextIO, recording: Recording, facts: CaseFacts, name: str) -> None:
    clock = Clock(facts)
    about = {"case": name, "pytest-a2a3sim": __version__, "block_dim": recording.block_dim}
    text.write(f'{{"displayTimeUnit":"ns","otherData":{json.dumps(about)},"traceEvents":[\n')
    separator = ""
    for lines in _chunks(recording, facts, clock, name):
        if lines:
            text.write(separator)
            text.write(",\n".join(lines))
            separator = ",\n"
    text.write("\n]}\n")


def _chunks(recording: Recording, facts: CaseFacts, clock: Clock, name: str) -> Iterator[list[str]]:
    """Events as lines, those of some tasks at a time."""
    tasks = _Tasks(recording, clock)
    yield [*_titles(recording, tasks, name), *_phases(facts, clock)]
    for first in range(0, recording.tasks, _CHUNK):
        end = min(first + _CHUNK, recording.tasks)
        yield tasks.slices(first, end)
        yield tasks.arrows(first, end)
    for core_type, steps in ready_steps(recording, clock):
        yield from _counter(f"ready {core_type}", "tasks", *steps)
    if recording.arguments is not None:
        steps = memory_steps(recording.arguments.buffers, clock)
        yield from _counter("device memory", "bytes", *steps)


class _Tasks:
    """Slices of tasks on their cores, and the arrows of their dependencies."""

    def __init__(self, recording: Recording, clock: Clock) -> None:
        timeline = recording.timeline
        self._recording = recording
        self._starts = clock.of_graph(timeline["start"])
        self._ends = clock.of_graph(timeline["end"])
        self.cores, index = np.unique(core_positions(timeline), return_inverse=True)
        self._tracks = index.astype(np.int32) + 1
        self._names = {
            func_id: json.dumps(kernel.name) for func_id, kernel in recording.kernels.items()
        }
        self._words = None if recording.arguments is None else ArgumentWords(recording.arguments)
        order = np.argsort(recording.successors, kind="stable")
        counts = np.bincount(recording.successors, minlength=recording.tasks)
        self._first_predecessor = np.concatenate([[0], np.cumsum(counts)])
        sources = np.repeat(
            np.arange(recording.tasks, dtype=np.int32), np.diff(recording.first_successor)
        )
        self._predecessors: npt.NDArray[np.int32] = sources[order]

    def slices(self, first: int, end: int) -> list[str]:
        """The tasks from ``first`` on to the one before ``end``."""
        count = end - first
        words: list[list[Any]] = (
            [[] for _ in range(count)] if self._words is None else self._words.of_tasks(first, end)
        )
        bounds = self._first_predecessor[first : end + 1].tolist()
        before = self._predecessors[bounds[0] : bounds[-1]].tolist()
        threads = self._recording.timeline["thread"][first:end].tolist()
        func_ids = self._recording.func_ids[first:end].tolist()
        starts, ends = self._starts[first:end].tolist(), self._ends[first:end].tolist()
        tracks = self._tracks[first:end].tolist()
        lines = []
        for i in range(count):
            depends = before[bounds[i] - bounds[0] : bounds[i + 1] - bounds[0]]
            given = "".join(
                f',"argument {k}":{json.dumps(word)}' for k, word in enumerate(words[i])
            )
            lines.append(
                f'{{"ph":"X","name":{self._names[func_ids[i]]},"cat":"task","pid":{_DEVICE},'
                f'"tid":{tracks[i]},"ts":{microseconds(starts[i])},'
                f'"dur":{microseconds(ends[i] - starts[i])},"args":{{"task":{first + i},'
                f'"func_id":{func_ids[i]},"thread":{threads[i]},"depends on":{depends}{given}}}}}'
            )
        return lines

    def arrows(self, first: int, end: int) -> list[str]:
        """The edges from these tasks to their successors.

        An arrow begins in the last nanosecond of its slice: at the end, the slice is over.
        """
        bounds = self._recording.first_successor[first : end + 1].tolist()
        targets = self._recording.successors[bounds[0] : bounds[-1]]
        sources = np.repeat(np.arange(first, end), np.diff(bounds))
        leave = np.maximum(self._ends[sources] - 1, self._starts[sources])
        rows = zip(
            range(bounds[0], bounds[-1]),
            leave.tolist(),
            self._tracks[sources].tolist(),
            self._starts[targets].tolist(),
            self._tracks[targets].tolist(),
            strict=True,
        )
        same = f'"name":"dependency","cat":"dependency","pid":{_DEVICE}'
        return [
            f'{{"ph":"s",{same},"id":{edge},"tid":{source},"ts":{microseconds(left)}}},\n'
            f'{{"ph":"f","bp":"e",{same},"id":{edge},"tid":{target},"ts":{microseconds(arrived)}}}'
            for edge, left, source, arrived, target in rows
        ]


def _titles(recording: Recording, tasks: _Tasks, name: str) -> list[str]:
    titles = [
        _title(
            "process_name", _DEVICE, 0, name=f"device (block_dim {recording.block_dim}): {name}"
        ),
        _title("process_sort_index", _DEVICE, 0, sort_index=_DEVICE),
        _title("process_name", _HOST, 0, name="host"),
        _title("process_sort_index", _HOST, 0, sort_index=_HOST),
        _title("thread_name", _HOST, 1, name="pytest"),
        _title("thread_name", _HOST, 2, name="simulating process"),
    ]
    for track, position in enumerate(tasks.cores.tolist(), start=1):
        titles.append(_title("thread_name", _DEVICE, track, name=core_name(position)))
        titles.append(_title("thread_sort_index", _DEVICE, track, sort_index=track))
    return titles


def _title(kind: str, process: int, thread: int, **values: Any) -> str:
    event = {"ph": "M", "name": kind, "pid": process, "tid": thread, "args": values}
    return json.dumps(event, separators=(",", ":"))


def _phases(facts: CaseFacts, clock: Clock) -> list[str]:
    lines = []
    for name, begun in facts.starts.items():
        start, duration = clock.of_host(begun), round(facts.phases[name] * 1e9)
        thread = 2 if name in _ENGINE_PHASES else 1
        lines.append(
            f'{{"ph":"X","name":"{name}","cat":"phase","pid":{_HOST},"tid":{thread},'
            f'"ts":{microseconds(start)},"dur":{microseconds(duration)}}}'
        )
    return lines


def _counter(
    name: str, unit: str, times: npt.NDArray[np.int64], values: npt.NDArray[np.int64]
) -> Iterator[list[str]]:
    for first in range(0, times.size, _CHUNK):
        rows = zip(
            times[first : first + _CHUNK].tolist(),
            values[first : first + _CHUNK].tolist(),
            strict=True,
        )
        yield [
            f'{{"ph":"C","name":"{name}","pid":{_DEVICE},"ts":{microseconds(time)},'
            f'"args":{{"{unit}":{value}}}}}'
            for time, value in rows
        ]
