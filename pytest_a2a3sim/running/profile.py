"""Recording -> Profile: where the time of a graph goes, and what a device would make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.engine.graph import TimedGraph
from pytest_a2a3sim.engine.library import core_type_value
from pytest_a2a3sim.model.profile import KernelTotal, Makespan, Profile

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_a2a3sim.model.recording import Recording

BLOCK_DIMS = (1, 2, 4, 8, 24)


def profile_of(recording: Recording, *repetitions: Recording) -> Profile:
    """Analyses a graph that ran to its end.

    Args:
        recording: of the run.
        repetitions: of further runs of the same graph. Each task's duration is then the shortest
            of all runs, for what other processes take from a run makes its tasks longer.
    """
    timeline = recording.timeline
    seconds = np.minimum.reduce([_durations(item) for item in (recording, *repetitions)])
    core_types = timeline["core_type"]
    graph = TimedGraph(recording, seconds)
    path = graph.critical_path()
    block_dims = sorted({*BLOCK_DIMS, recording.block_dim})
    return Profile(
        tasks=recording.tasks,
        edges=recording.edges,
        seconds=float(timeline["end"].max() - timeline["start"].min()),
        threads=len(np.unique(timeline["thread"])),
        work=float(seconds.sum()),
        critical_path=tuple(path),
        critical_seconds=float(seconds[path].sum()),
        block_dim=recording.block_dim,
        makespans=tuple(_makespan(graph, seconds, core_types, dim) for dim in block_dims),
        kernels=_kernel_totals(recording, seconds, np.array(path)),
    )


def critical_tasks(recording: Recording) -> int:
    """How many tasks are on the longest path of a graph, each of which counts as one."""
    if recording.tasks == 0:
        return 0
    return len(TimedGraph(recording, np.ones(recording.tasks)).critical_path())


def _durations(recording: Recording) -> npt.NDArray[np.float64]:
    seconds: npt.NDArray[np.float64] = recording.timeline["end"] - recording.timeline["start"]
    return seconds


def _makespan(
    graph: TimedGraph,
    seconds: npt.NDArray[np.float64],
    core_types: npt.NDArray[np.int16],
    block_dim: int,
) -> Makespan:
    makespan = graph.makespan(block_dim)
    aic, aiv = (
        float(seconds[core_types == core_type_value(name)].sum()) for name in ("aic", "aiv")
    )
    available = block_dim * makespan or 1.0
    return Makespan(block_dim, makespan, aic / available, aiv / (2 * available))


def _kernel_totals(
    recording: Recording, seconds: npt.NDArray[np.float64], path: npt.NDArray[np.int64]
) -> tuple[KernelTotal, ...]:
    totals = []
    for func_id in np.unique(recording.func_ids):
        kernel = recording.kernels[int(func_id)]
        of_kernel = recording.func_ids == func_id
        faster = TimedGraph(recording, np.where(of_kernel, seconds / 2, seconds))
        totals.append(
            KernelTotal(
                func_id=kernel.func_id,
                name=kernel.name,
                core_type=kernel.core_type,
                tasks=int(of_kernel.sum()),
                seconds=float(seconds[of_kernel].sum()),
                critical_seconds=float(seconds[path[of_kernel[path]]].sum()),
                makespan_if_twice_as_fast=faster.makespan(recording.block_dim),
            )
        )
    return tuple(sorted(totals, key=lambda total: -total.seconds))
