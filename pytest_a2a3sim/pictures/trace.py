"""A case that ran to its end -> a trace in the Trace Event Format, which Perfetto opens.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU. Times
are microseconds with three decimals; a slice is an event ``X``, an arrow a pair of events ``s`` and
``f``, a counter events ``C``.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
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
_CHUNK = 4096  # tasks, or events of a counter, whose text is in memory at a time
_MOST_AT_ONCE = 1 << 16  # tasks whose numbers are
_FAST = 1  # of gzip's nine levels
_DIGITS = [f"{rest:03}" for rest in range(1000)]
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
        yield tasks.lines(first, end)
    for core_type, steps in ready_steps(recording, clock):
        yield from _counter(f"ready {core_type}", "tasks", *steps)
    if recording.arguments is not None:
        steps = memory_steps(recording.arguments.buffers, clock)
        yield from _counter("device memory", "bytes", *steps)


class _Tasks:
    """Slices of tasks on their cores, and the arrows of their dependencies."""

    def __init__(self, recording: Recording, clock: Clock) -> None:
        self._recording = recording
        self._clock = clock
        self._names = {
            func_id: json.dumps(kernel.name) for func_id, kernel in recording.kernels.items()
        }
        self._words = None if recording.arguments is None else ArgumentWords(recording.arguments)

    def cores(self) -> list[int]:
        """Positions of the cores that executed tasks."""
        found: set[int] = set()
        for first in range(0, self._recording.tasks, _MOST_AT_ONCE):
            end = min(first + _MOST_AT_ONCE, self._recording.tasks)
            positions = core_positions(self._recording.decode(range(first, end)))
            found.update(np.unique(positions).tolist())
        return sorted(found)

    def lines(self, first: int, end: int) -> list[str]:
        """The tasks from ``first`` on to the one before ``end``, and their edges to others."""
        times = self._recording.decode(range(first, end))
        starts, ends = (self._clock.of_graph(times[name]) for name in ("start", "end"))
        tracks = _tracks(times)
        bounds = self._recording.first_successor[first : end + 1].astype(np.int64)
        targets = self._recording.successors[bounds[0] : bounds[-1]]
        lines = self._slices(
            first,
            zip(
                times["func_id"].tolist(),
                times["thread"].tolist(),
                tracks.tolist(),
                *_microseconds(starts),
                *_microseconds(ends - starts),
                self._arguments(first, end),
                _parts(targets.tolist(), bounds),
                strict=True,
            ),
        )
        sources = np.repeat(np.arange(end - first), np.diff(bounds))
        leaving = _before_end(starts, ends)
        return lines + self._arrows(int(bounds[0]), targets, leaving[sources], tracks[sources])

    def _slices(self, first: int, rows: Iterator[tuple[Any, ...]]) -> list[str]:
        names = self._names
        return [
            f'{{"ph":"X","name":{names[func_id]},"cat":"task","pid":{_DEVICE},"tid":{track},'
            f'"ts":{at}.{_DIGITS[at_rest]},"dur":{took}.{_DIGITS[took_rest]},'
            f'"args":{{"task":{task},"func_id":{func_id},"thread":{thread},'
            f'"arguments":[{",".join(words)}],"successors":{successors}}}}}'
            for task, (
                func_id,
                thread,
                track,
                at,
                at_rest,
                took,
                took_rest,
                words,
                successors,
            ) in enumerate(rows, first)
        ]

    def _arguments(self, first: int, end: int) -> Iterator[list[str]]:
        """As JSON. Tasks have many in common: each is put into words once."""
        if self._words is None:
            return iter([[]] * (end - first))
        values, bounds = self._words.values(first, end)
        different, index = np.unique(values, return_inverse=True)
        words = [json.dumps(word) for word in self._words.of_values(different)]
        return _parts([words[i] for i in index.tolist()], bounds)

    def _arrows(
        self,
        edge: int,
        targets: npt.NDArray[np.int32],
        leaving: npt.NDArray[np.int64],
        tracks: npt.NDArray[np.int32],
    ) -> list[str]:
        reached = self._recording.decode(targets)
        starts, ends = (self._clock.of_graph(reached[name]) for name in ("start", "end"))
        rows = zip(
            *_microseconds(leaving),
            tracks.tolist(),
            *_microseconds(np.minimum(starts + 1, _before_end(starts, ends))),
            _tracks(reached).tolist(),
            strict=True,
        )
        same = f'"name":"dependency","cat":"dependency","pid":{_DEVICE}'
        return [
            f'{{"ph":"s",{same},"id":{name},"tid":{source},"ts":{left}.{_DIGITS[left_rest]}}},\n'
            f'{{"ph":"f","bp":"e",{same},"id":{name},"tid":{target},"ts":{at}.{_DIGITS[at_rest]}}}'
            for name, (left, left_rest, source, at, at_rest, target) in enumerate(rows, edge)
        ]


def _before_end(
    starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The last nanosecond of slices.

    Arrows begin and end within slices, not at their bounds: where a slice ends as the next of its
    core starts, Perfetto takes an arrow at that time for the latter's, catapult for the former's.
    """
    return np.maximum(ends - 1, starts)


def _tracks(times: npt.NDArray[np.void]) -> npt.NDArray[np.int32]:
    return core_positions(times) + 1


def _parts(values: list[Any], bounds: npt.NDArray[np.int64]) -> Iterator[list[Any]]:
    """The values between each bound and the next; the first value is at the first bound."""
    limits = (bounds - bounds[0]).tolist()
    return (values[begin:end] for begin, end in itertools.pairwise(limits))


def _microseconds(nanoseconds: npt.NDArray[np.int64]) -> tuple[list[int], list[int]]:
    """Whole ones, and the nanoseconds that are left."""
    whole, rest = np.divmod(nanoseconds, 1000)
    return whole.tolist(), rest.tolist()


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
    for position in tasks.cores():
        track = position + 1
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
            f'{{"ph":"C","name":"{name}","cat":"counter","pid":{_DEVICE},"ts":{microseconds(time)},'
            f'"args":{{"{unit}":{value}}}}}'
            for time, value in rows
        ]
