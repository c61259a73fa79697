"""How cases are simulated, and what this machine lets them use."""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pytest_a2a3sim.model.checks import Check, parse_checks
from pytest_a2a3sim.model.chip import CoreMemory, parse_core_memory, parse_platform
from pytest_a2a3sim.model.dump_choice import DumpChoice, parse_dump
from pytest_a2a3sim.model.option import DEFAULT_DUMP_DIR, DEFAULT_HANG_TIMEOUT
from pytest_a2a3sim.model.order_options import parse_orders, parse_schedule
from pytest_a2a3sim.model.schedule import DEPTH_FIRST, Schedule
from pytest_a2a3sim.model.values import (
    Isolation,
    TextField,
    Threads,
    parse_seconds,
    parse_size,
    parse_threads,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.chip import Platform
    from pytest_a2a3sim.model.sanitizer import Suppression
    from pytest_a2a3sim.model.spec import KernelConfig

DEFAULT_PLATFORM: Platform = "a2a3"
DEFAULT_DUMP_LIMIT = 1 << 30
LARGEST_DEVICE_MEMORY = 64 << 30

_NONE = type(None)
_CGROUP_QUOTA = Path("/sys/fs/cgroup/cpu.max")
_CGROUP_MEMORY = Path("/sys/fs/cgroup/memory.max")


MOST_ORDER_CPU_SECONDS = 0.1
"""A graph that takes more CPU time is executed in further orders only on request."""


@dataclass(frozen=True)
class Settings:
    """One run's settings.

    What an option takes as text, its field takes as text, too: ``Settings(schedule="random:7",
    sanitize="all", device_memory="8G")``.

    Attributes:
        threads: worker threads that simulate the cores, of which at most ``block_dim`` work; or
            ``"cores"``, for a thread per simulated core.
        hang_timeout: seconds without a task's start or end after which a case has failed.
        timeout: seconds that a case may take in all, its compilation aside; None for no limit.
        device_memory: bytes of the simulated device; None for what the machine has, at most 64 GiB.
        isolate: run each case in a process of its own; ``"fork"`` for one that is forked from this
            process, with what that has loaded; False is for native debuggers.
        cxxflags: compiler flags added to every source's own.
        schedule: the order in which ready tasks are executed, such as ``Schedule("fifo")``.
        orders: in how many further orders each graph is executed, which must leave the same
            outputs; ``"auto"`` for those that may show something, if it takes less than 100 ms of
            CPU time.
        sanitize: what the sanitizer looks for; nothing by default.
        pto_isa_root: directory of PTO ISA, unless the environment variable PTO_ISA_ROOT names one.
        compiler: the command of the C++ compiler, unless the environment variable CXX names one, or
            COMPILER of a kernel_config.py.
        platform: the chip that is simulated; None for the one that a directory was generated for,
            else a2a3.
        core_memory: the chip of which a core's memories and rules are, inside kernels on PTO ISA;
            None for the one that is simulated.
        blame: say of mismatches which tasks they come from.
        witness: run the tasks of races that racecheck finds in either order, to see what differs.
        suppressions: findings of the sanitizer that are left out, besides what kernel_config.py
            leaves out.
        golden_cache: keep expected outputs in the build cache, and take them from there while
            golden.py, the inputs and whatever else compute_golden uses are the same.
        dump: tasks whose arguments are kept in files, such as ``"QK"``, ``"3"`` or ``"all"``.
        dump_limit: bytes of arguments that are kept of a case.
        dump_dir: where each case has a directory for them, relative to the current one.
        records_dependencies: keep why tasks wait for others, and how many tasks are on the critical
            path, for reports and drawings.
        records_arguments: keep the arguments of tasks and what device memory holds, for traces.
        cache_limit: bytes that the build cache may hold; None for its default.
        cache_shared: use a build cache that others may write to, too, since they are trusted.
        rebuild_since: take nothing from the build cache that was compiled before then, in seconds
            since the epoch.
    """

    threads: TextField[Threads, int | str] = TextField(parse_threads, 1)
    hang_timeout: TextField[float, float | str] = TextField(parse_seconds, DEFAULT_HANG_TIMEOUT)
    timeout: TextField[float | None, float | str | None] = TextField(parse_seconds, None, _NONE)
    device_memory: TextField[int | None, int | str | None] = TextField(parse_size, None, _NONE)
    isolate: Isolation = True
    cxxflags: tuple[str, ...] = ()
    schedule: TextField[Schedule, Schedule | str] = TextField(parse_schedule, DEPTH_FIRST, Schedule)
    orders: TextField[int | Literal["auto"], int | str] = TextField(parse_orders, "auto")
    sanitize: TextField[tuple[Check, ...], tuple[str, ...] | list[str] | str] = TextField(
        parse_checks, ()
    )
    pto_isa_root: str | None = None
    compiler: str | None = None
    platform: TextField[Platform | None, str | None] = TextField(parse_platform, None, _NONE)
    core_memory: TextField[CoreMemory | None, str | None] = TextField(
        parse_core_memory, None, _NONE
    )
    blame: bool = False
    witness: bool = False
    suppressions: tuple[Suppression, ...] = ()
    golden_cache: bool = False
    dump: TextField[DumpChoice | None, DumpChoice | str | None] = TextField(
        parse_dump, None, (DumpChoice, _NONE)
    )
    dump_limit: TextField[int, int | str] = TextField(parse_size, DEFAULT_DUMP_LIMIT)
    dump_dir: str = DEFAULT_DUMP_DIR
    records_dependencies: bool = False
    records_arguments: bool = False
    cache_limit: TextField[int | None, int | str | None] = TextField(parse_size, None, _NONE)
    cache_shared: bool = False
    rebuild_since: float = 0.0

    @property
    def comparing_threads(self) -> int:
        """Threads that compare outputs, when the simulation has ended."""
        return usable_cpus() if self.threads == "cores" else self.threads

    def platform_of(self, config: KernelConfig) -> Platform:
        """The chip on which a directory runs."""
        return self.platform or config.platform or DEFAULT_PLATFORM

    @property
    def workers(self) -> str:
        """``2 threads``, ``1 thread, schedule random:7`` or ``a thread per core``."""
        if self.threads == "cores":
            threads = "a thread per core"
        else:
            threads = f"{self.threads} thread{'s' if self.threads > 1 else ''}"
        return threads if self.schedule.is_default else f"{threads}, schedule {self.schedule}"


def settings_of(values: Mapping[str, Any], *, default_threads: int) -> Settings:
    """Settings from options' values.

    Args:
        values: by :attr:`Option.field`; what is None or missing keeps its default.
        default_threads: threads where nobody set them; an order is executed on one thread then.
    """
    given = {name: value for name, value in values.items() if value is not None}
    threads = 1 if "schedule" in given else default_threads
    return Settings(**{"threads": threads, **given})


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
