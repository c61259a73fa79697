"""Where the time of a graph goes, and what a device would make of it."""

from __future__ import annotations

from pytest_a2a3sim.model.frozen import frozen


@frozen
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


@frozen
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


@frozen
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
