"""What a user can set for a run, whatever way it was said."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from pytest_a2a3sim.schedule import DEPTH_FIRST, Schedule, Threads

DEFAULT_HANG_TIMEOUT = 30.0
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cpus() -> int:
    """CPUs this process may use, by affinity and by its cgroup's quota; at least 1."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = _CGROUP_QUOTA.read_text(encoding="ascii").split()
        count = min(count, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        pass  # no quota, or none that can be read
    return max(count, 1)


@dataclass(frozen=True)
class Settings:
    """One run's settings.

    Attributes:
        threads: worker threads that simulate the cores, of which at most ``block_dim`` work; or
            ``"cores"``, for a thread per simulated core.
        hang_timeout: seconds without a task's start or end after which a case has failed.
        isolate: run each case in a process of its own; False is for native debuggers.
        cxxflags: compiler flags added to every source's own.
        schedule: the order in which ready tasks are executed.
        cache_limit: bytes that the build cache may hold; None for its default.
        rebuild_since: take nothing from the build cache that was compiled before then, in seconds
            since the epoch.
    """

    threads: Threads = 1
    hang_timeout: float = DEFAULT_HANG_TIMEOUT
    isolate: bool = True
    cxxflags: tuple[str, ...] = ()
    schedule: Schedule = DEPTH_FIRST
    cache_limit: int | None = None
    rebuild_since: float = 0.0

    @property
    def comparing_threads(self) -> int:
        """Threads that compare outputs, when the simulation has ended."""
        return usable_cpus() if self.threads == "cores" else self.threads

    def workers(self) -> str:
        """``2 threads``, ``1 thread, schedule random:7`` or ``a thread per core``."""
        if self.threads == "cores":
            threads = "a thread per core"
        else:
            threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return threads if self.schedule.is_default else f"{threads}, schedule {self.schedule}"
