"""The recording of a run -> what its timeline and its parallelism are drawn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.model.recording import CORE_TYPES, core_name, core_positions
from pytest_a2a3sim.pictures import colours
from pytest_a2a3sim.pictures.argument_words import ArgumentWords
from pytest_a2a3sim.pictures.page.arrays import packed

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.model.result import CaseResult

MOST_TASKS = 20_000
"""A timeline with more shows what each core did most in a share of the time."""

_BUCKETS = 1000
_MOST_GAPS = 2000
_SMALLEST_GAP = 0.01  # of the graph's time
_MOST_STEPS = 4000


def timeline_data(result: CaseResult) -> dict[str, Any]:
    """Bars of tasks on cores, gaps between them, and how many ran at a time."""
    recording = result.recording
    timeline = recording.timeline
    positions, lanes = np.unique(core_positions(timeline), return_inverse=True)
    func_ids = sorted(recording.kernels)
    kernels = np.searchsorted(func_ids, recording.func_ids)
    of_kernel = colours.of_kernels(func_ids)
    start, end = timeline["start"] * 1e6, timeline["end"] * 1e6
    path = np.array(result.profile.critical_path, dtype=np.int64)
    if recording.tasks <= MOST_TASKS:
        bars = {
            "lane": packed(lanes, "i"),
            "kernel": packed(kernels, "i"),
            "start": packed(start, "d"),
            "end": packed(end, "d"),
            "critical": packed(path, "i"),
        }
        first, successors = recording.first_successor, recording.successors
        edges = {"first": packed(first, "i"), "successors": packed(successors, "i")}
        arguments = _arguments(recording)
    else:
        bars, edges = _buckets(lanes, kernels, start, end, len(func_ids)), None
        arguments = None
    return {
        "cores": [core_name(position) for position in positions.tolist()],
        "kernels": [recording.kernels[func_id].name for func_id in func_ids],
        "colours": [of_kernel[func_id] for func_id in func_ids],
        "tasks": recording.tasks,
        "aggregated": recording.tasks > MOST_TASKS,
        "bars": bars,
        "edges": edges,
        "arguments": arguments,
        "gaps": _gaps(lanes, start, end),
        "parallelism": _parallelism(recording),
        "makespans": [
            {
                "block_dim": each.block_dim,
                "microseconds": each.seconds * 1e6,
                "aic": each.aic_utilisation,
                "aiv": each.aiv_utilisation,
            }
            for each in result.profile.makespans
        ],
        "critical_microseconds": result.profile.critical_seconds * 1e6,
        "block_dim": recording.block_dim,
    }


def _arguments(recording: Recording) -> dict[str, Any] | None:
    """What the arguments of each task are, each word once."""
    if recording.arguments is None:
        return None
    words = ArgumentWords(recording.arguments)
    values, first = words.values(0, recording.tasks)
    different, index = np.unique(values, return_inverse=True)
    return {
        "words": list(map(str, words.of_values(different))),
        "index": packed(index, "i"),
        "first": packed(first, "i"),
    }


def _buckets(
    lanes: npt.NDArray[np.int64],
    kernels: npt.NDArray[np.int64],
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
    kernel_count: int,
) -> dict[str, Any]:
    """What each core did most in each of a thousand parts of the time, by tasks' midpoints."""
    width = max(float(end.max()), 1e-3) / _BUCKETS
    bucket = np.minimum(((start + end) / 2 / width).astype(np.int64), _BUCKETS - 1)
    cells = lanes * _BUCKETS + bucket
    size = (int(lanes.max()) + 1) * _BUCKETS
    busy = np.bincount(cells * kernel_count + kernels, end - start, size * kernel_count)
    counts = np.bincount(cells, minlength=size)
    most = busy.reshape(size, kernel_count).argmax(axis=1)
    used = np.flatnonzero(counts)
    return {
        "lane": packed(used // _BUCKETS, "i"),
        "kernel": packed(most[used], "i"),
        "start": packed(used % _BUCKETS * width, "d"),
        "end": packed((used % _BUCKETS + 1) * width, "d"),
        "count": packed(counts[used], "i"),
    }


def _gaps(
    lanes: npt.NDArray[np.int64], start: npt.NDArray[np.float64], end: npt.NDArray[np.float64]
) -> dict[str, Any]:
    """Where a core waited between two of its tasks, the longest times."""
    order = np.lexsort((start, lanes))
    same = lanes[order][1:] == lanes[order][:-1]
    begin, stop = end[order][:-1][same], start[order][1:][same]
    length = stop - begin
    chosen = np.flatnonzero(length > _SMALLEST_GAP * (end.max() - start.min()))
    chosen = chosen[np.argsort(-length[chosen])[:_MOST_GAPS]]
    return {
        "lane": packed(lanes[order][1:][same][chosen], "i"),
        "start": packed(begin[chosen], "d"),
        "end": packed(stop[chosen], "d"),
    }


def _parallelism(recording: Recording) -> list[dict[str, Any]]:
    timeline = recording.timeline
    curves = []
    for value, name in enumerate(CORE_TYPES):
        chosen = timeline[timeline["core_type"] == value]
        if not chosen.size:
            continue
        times = np.concatenate([chosen["start"], chosen["end"]]) * 1e6
        changes = np.repeat([1, -1], chosen.size)
        order = np.argsort(times, kind="stable")
        times, running = times[order], np.cumsum(changes[order])
        if times.size > _MOST_STEPS:
            kept = np.linspace(0, times.size - 1, _MOST_STEPS).astype(np.int64)
            times, running = times[kept], running[kept]
        curves.append({"name": name, "time": packed(times, "d"), "running": packed(running, "i")})
    return curves
