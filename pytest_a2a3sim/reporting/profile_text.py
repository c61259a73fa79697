"""Profile -> lines of text. Computes nothing, prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.text import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.profile import Profile
    from pytest_a2a3sim.model.recording import RingUse

_UNITS = (("s", 1.0), ("ms", 1e-3), ("us", 1e-6))


def profile_lines(profile: Profile) -> list[str]:
    """Totals, a table by kernel and a table by block_dim."""
    threads = f"{profile.threads} thread{'s' if profile.threads > 1 else ''}"
    size = f"{profile.tasks} tasks, {profile.edges} edges"
    path = f"{len(profile.critical_path)} tasks; no device is faster"
    return [
        f"{size}, executed in {time_text(profile.seconds)} on {threads}",
        f"  work                 {time_text(profile.work):>10}   sum of all tasks",
        f"  critical path        {time_text(profile.critical_seconds):>10}   {path}",
        f"  average parallelism  {profile.average_parallelism:>10.1f}   work / critical path",
        "",
        "By kernel:",
        *_indented(_kernel_table(profile)),
        "",
        "On a device of block_dim AIC and twice as many AIV cores (list scheduling):",
        *_indented(_makespan_table(profile)),
    ]


def ring_lines(rings: Sequence[RingUse]) -> list[str]:
    """What each ring had to hold, and the smallest sizes that would do; nothing without rings."""
    if not rings:
        return []
    header = ("ring", "tasks", "bytes of outputs", "dependencies")
    rows = [
        (str(ring.number), f"{ring.tasks:,}", f"{ring.nbytes:,}", f"{ring.dependencies:,}")
        for ring in rings
    ]
    names = list(rings[0].smallest)
    smallest = (f"{name}={max(ring.smallest[name] for ring in rings)}" for name in names)
    return [
        "What rings had to hold at a time at most:",
        *_indented(table(header, rows)),
        f"  the smallest sizes that would do: {' '.join(smallest)}",
    ]


def _kernel_table(profile: Profile) -> list[str]:
    now = profile.makespan.seconds
    header = (
        "kernel",
        "core",
        "tasks",
        "total",
        "share",
        "mean",
        "critical path",
        f"if 2x faster, block_dim {profile.block_dim}",
    )
    rows = [
        (
            kernel.name,
            kernel.core_type.upper(),
            str(kernel.tasks),
            time_text(kernel.seconds),
            _percent(kernel.seconds, profile.work),
            time_text(kernel.seconds / kernel.tasks),
            _percent(kernel.critical_seconds, profile.critical_seconds),
            _changed(kernel.makespan_if_twice_as_fast, now),
        )
        for kernel in profile.kernels
    ]
    return table(header, rows)


def _makespan_table(profile: Profile) -> list[str]:
    header = ("block_dim", "makespan", "speedup", "AIC busy", "AIV busy", "")
    rows = [
        (
            str(item.block_dim),
            time_text(item.seconds),
            f"{profile.work / item.seconds:.1f}x" if item.seconds else "",
            f"{item.aic_utilisation:.0%}",
            f"{item.aiv_utilisation:.0%}",
            "<- this case" if item.block_dim == profile.block_dim else "",
        )
        for item in profile.makespans
    ]
    return table(header, rows)


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _percent(part: float, whole: float) -> str:
    return f"{part / whole if whole else 0.0:.0%}"


def _changed(seconds: float, before: float) -> str:
    change = round(100 * (seconds / before - 1)) if before else 0
    return f"{time_text(seconds)} ({change:+d}%)" if change else f"{time_text(seconds)} (same)"


def time_text(seconds: float) -> str:
    """``1.23 ms``."""
    unit, size = next((item for item in _UNITS if seconds >= item[1]), _UNITS[-1])
    return f"{seconds / size:.3g} {unit}"
