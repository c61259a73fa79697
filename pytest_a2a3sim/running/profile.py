"""Recording -> Profile: where the time of a graph goes, and what a device would make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.running.timed_graph import TimedGraph

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_a2a3sim.running.recording import Recording

BLOCK_DIMS = (1, 2, 4, 8, 24)


@dataclass(frozen=True)
class KernelTotal:
    """One kernel's tasks together.

    Attributes:
        func_id: of the kernel.
        name: of the kernel.
        core_type: ``"aic"`` or ``"aiv"``.
        tasks: how many tasks ran it.
        seconds: sum of their durations.
        critical_seconds: sum of the durations of those on the critical path.
        makespan_if_twice_as_fast: of the graph on the case's block_dim, if each of them took half
            as long, in seconds.
    """

    func_id: int
    name: str
    core_type: str
    tasks: int
    seconds: float
    critical_seconds: float
    makespan_if_twice_as_fast: float


@dataclass(frozen=True)
class Makespan:
    """List scheduling of the graph on a device: ready tasks start in the order they became ready.

    Attributes:
        block_dim: AIC cores; there are twice as many AIV cores.
        seconds: until the last task ends.
        aic_utilisation: part of that time in which the AIC cores are busy, on average; 0 to 1.
        aiv_utilisation: the same for the AIV cores.
    """

    block_dim: int
    seconds: float
    aic_utilisation: float
    aiv_utilisation: float


@dataclass(frozen=True)
class Profile:
    """What the measured durations and the edges say about a graph.

    Durations are those of the kernels on this machine's CPU. Their ratios, not their sizes, carry
    over to a device, as far as its cores are slow at the same things.

    Attributes:
        tasks: number of tasks.
        edges: number of edges.
        seconds: from the first task's start to the last task's end, as measured.
        threads: threads that executed tasks.
        work: sum of all durations, in seconds.
        critical_path: ids of the tasks of a longest path, first task first.
        critical_seconds: its length: no device is faster.
        block_dim: of the case.
        makespans: on devices of 1, 2, 4, 8 and 24 blocks and of the case's block_dim, ascending.
        kernels: totals by kernel, the largest first.
    """

    tasks: int
    edges: int
    seconds: float
    threads: int
    work: float
    critical_path: tuple[int, ...]
    critical_seconds: float
    block_dim: int
    makespans: tuple[Makespan, ...]
    kernels: tuple[KernelTotal, ...]

    @property
    def average_parallelism(self) -> float:
        """Cores that a device could keep busy, on average over the critical path."""
        return self.work / self.critical_seconds if self.critical_seconds else 1.0

    @property
    def makespan(self) -> Makespan:
        """That on the case's own block_dim."""
        return next(item for item in self.makespans if item.block_dim == self.block_dim)


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
    graph = TimedGraph(recording, seconds, core_types)
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
    aic, aiv = (float(seconds[core_types == kind].sum()) for kind in (0, 1))
    available = block_dim * makespan or 1.0
    return Makespan(block_dim, makespan, aic / available, aiv / (2 * available))


def _kernel_totals(
    recording: Recording, seconds: npt.NDArray[np.float64], path: npt.NDArray[np.int64]
) -> tuple[KernelTotal, ...]:
    core_types = recording.timeline["core_type"]
    totals = []
    for func_id in np.unique(recording.func_ids):
        kernel = recording.kernels[int(func_id)]
        of_kernel = recording.func_ids == func_id
        faster = TimedGraph(recording, np.where(of_kernel, seconds / 2, seconds), core_types)
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
