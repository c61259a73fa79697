"""How cases are simulated, and what this machine lets them use."""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Threads = int | Literal["cores"]
Order = Literal["depth-first", "fifo", "lifo", "random", "reverse"]

ORDERS: tuple[Order, ...] = ("depth-first", "fifo", "lifo", "random", "reverse")
DEFAULT_HANG_TIMEOUT = 30.0
LARGEST_DEVICE_MEMORY = 64 << 30

_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Schedule:
    """The order in which ready tasks are executed; on one thread it is the same every time.

    Attributes:
        order: ``depth-first``: what a task made ready comes right after it, and idle threads take
            others' work; ``fifo``: the task that has been ready for longest; ``lifo``: the one that
            became ready last; ``random``: any of them; ``reverse``: the one that was added last.
        seed: of ``random``, at most 64 bits.
    """

    order: Order = "depth-first"
    seed: int = 0

    @property
    def is_default(self) -> bool:
        """Whether nobody asked for an order."""
        return self.order == "depth-first"

    @property
    def repeat_lines(self) -> list[str]:
        """How to repeat what failed in an order that somebody asked for; none for the default."""
        if self.is_default:
            return []
        option = f"--sim-schedule={self}"
        return [f"schedule {self}: {option} --sim-threads=1 repeats the order exactly"]

    def __str__(self) -> str:
        """As in ``--sim-schedule``."""
        return f"random:{self.seed}" if self.order == "random" else self.order


DEPTH_FIRST = Schedule()

MOST_ORDER_CPU_SECONDS = 0.1
"""A graph that takes more CPU time is executed in further orders only on request."""


def further_orders(first: Schedule, count: int | Literal["auto"]) -> tuple[Schedule, ...]:
    """The orders in which a case is executed again on one thread: adverse to its first one.

    Tasks that were added late come first; then those that became ready first, so that chains take
    turns; then any by seeds 1, 2, 3, ...; none is the first one.
    """
    wanted = 3 if count == "auto" else count
    random = (Schedule("random", seed) for seed in range(1, wanted + 1))
    orders = [Schedule("reverse"), Schedule("fifo"), *random]
    return tuple(order for order in orders if order != first)[:wanted]


@dataclass(frozen=True)
class Settings:
    """One run's settings.

    Attributes:
        threads: worker threads that simulate the cores, of which at most ``block_dim`` work; or
            ``"cores"``, for a thread per simulated core.
        hang_timeout: seconds without a task's start or end after which a case has failed.
        timeout: seconds that a case may take in all, its compilation aside; None for no limit.
        device_memory: bytes of the simulated device; None for what the machine has, at most 64 GiB.
        isolate: run each case in a process of its own; False is for native debuggers.
        cxxflags: compiler flags added to every source's own.
        schedule: the order in which ready tasks are executed.
        orders: in how many further orders each graph is executed, which must leave the same
            outputs; ``"auto"`` for three, if it takes less than 100 ms of CPU time.
        cache_limit: bytes that the build cache may hold; None for its default.
        rebuild_since: take nothing from the build cache that was compiled before then, in seconds
            since the epoch.
    """

    threads: Threads = 1
    hang_timeout: float = DEFAULT_HANG_TIMEOUT
    timeout: float | None = None
    device_memory: int | None = None
    isolate: bool = True
    cxxflags: tuple[str, ...] = ()
    schedule: Schedule = DEPTH_FIRST
    orders: int | Literal["auto"] = "auto"
    cache_limit: int | None = None
    rebuild_since: float = 0.0

    @property
    def comparing_threads(self) -> int:
        """Threads that compare outputs, when the simulation has ended."""
        return usable_cpus() if self.threads == "cores" else self.threads

    @property
    def workers(self) -> str:
        """``2 threads``, ``1 thread, schedule random:7`` or ``a thread per core``."""
        if self.threads == "cores":
            threads = "a thread per core"
        else:
            threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return threads if self.schedule.is_default else f"{threads}, schedule {self.schedule}"


def usable_cpus() -> int:
    """CPUs this process may use, by affinity and by its cgroup's quota; at least 1."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = _CGROUP_QUOTA.read_text(encoding="ascii").split()
        count = min(count, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no quota, or none that can be read
    return max(count, 1)


def default_device_memory() -> int:
    """Bytes of the simulated device: the real one's 64 GiB, or what this machine has if less."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):  # no limit, or none that can be read
        memory = min(memory, int(_CGROUP_MEMORY.read_text(encoding="ascii")))
    return min(LARGEST_DEVICE_MEMORY, memory)
