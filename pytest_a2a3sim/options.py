"""Command-line options and ini keys -> Settings."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, TypeVar

import pytest

from pytest_a2a3sim.schedule import DEPTH_FIRST, parse_schedule, parse_threads
from pytest_a2a3sim.settings import DEFAULT_HANG_TIMEOUT, Settings, parse_size, usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

T = TypeVar("T")

REBUILD_SINCE = "a2a3sim_rebuild_since"

_HEADER_FLAGS = ("-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros")


def declare(parser: pytest.Parser) -> None:
    """Declares every option and ini key; an option wins over its ini key."""
    group = parser.getgroup("a2a3sim", "simulation of Ascend kernels (golden.py)")
    group.addoption(
        "--sim-threads",
        metavar="N|cores",
        help="threads that simulate the cores (default: usable CPUs / xdist workers), or a thread "
        "per simulated core (ini: sim_threads)",
    )
    group.addoption(
        "--sim-schedule",
        metavar="ORDER",
        help="execute ready tasks in another order, on one thread unless --sim-threads is given: "
        "fifo, lifo, reverse, random or random:SEED (ini: sim_schedule)",
    )
    group.addoption(
        "--sim-hang-timeout",
        metavar="SECONDS",
        help="fail a case in which no task starts or finishes for so long (default: "
        f"{DEFAULT_HANG_TIMEOUT:g}; ini: sim_hang_timeout)",
    )
    group.addoption(
        "--sim-timeout",
        metavar="SECONDS",
        help="fail a case that takes longer than this in all, its compilation aside (default: no "
        "limit; ini: sim_timeout)",
    )
    group.addoption(
        "--sim-device-memory",
        metavar="SIZE",
        help="memory of the simulated device, such as 8G or 512M (default: 64G, or what this "
        "machine has if less; ini: sim_device_memory)",
    )
    group.addoption(
        "--sim-all-cases",
        action="store_true",
        help="run every case of ALL_CASES, not only DEFAULT_CASE",
    )
    group.addoption(
        "--sim-isolation",
        choices=("process", "none"),
        default="process",
        help="simulate in a child process (process, the default) or inside pytest, for gdb (none)",
    )
    group.addoption(
        "--sim-rebuild",
        action="store_true",
        help="compile every source anew, whatever the build cache holds",
    )
    group.addoption(
        "--sim-strict",
        action="store_true",
        help="a golden that proves nothing fails its case instead of warning (ini: sim_strict)",
    )
    group.addoption(
        "--sim-json", metavar="PATH", help="write what happened to every case as JSON, in one file"
    )
    group.addoption(
        "--sim-artifacts",
        metavar="DIR",
        help="save tensors, report and a script that reproduces it for each failed case",
    )
    group.addoption(
        "--sim-durations",
        metavar="N",
        type=int,
        default=0,
        help="show the N slowest cases and their slowest kernels",
    )
    parser.addini(
        "sim_strict", "a golden that proves nothing fails its case", type="bool", default=False
    )
    parser.addini("sim_threads", "threads that simulate the cores", default="")
    parser.addini("sim_schedule", "order in which ready tasks are executed", default="")
    parser.addini("sim_hang_timeout", "seconds without progress that fail a case", default="")
    parser.addini("sim_timeout", "seconds that a case may take in all", default="")
    parser.addini("sim_device_memory", "memory of the simulated device, such as 8G", default="")
    parser.addini(
        "sim_cxxflags", "compiler flags added to every source's own", type="args", default=[]
    )
    parser.addini(
        "sim_cache_size", "size above which the build cache evicts, such as 500M or 2G", default=""
    )


def parse_seconds(text: str) -> float:
    """``--sim-hang-timeout`` and ``--sim-timeout``: a number of seconds above 0.

    Raises:
        ValueError: saying what is accepted.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError("must be a number of seconds above 0")
    return seconds


def settings(config: pytest.Config) -> Settings:
    """The session's settings.

    Raises:
        pytest.UsageError: an option or ini value has no meaning.
    """
    schedule = _value(config, "sim_schedule", parse_schedule)
    threads = _value(config, "sim_threads", parse_threads)
    hang_timeout = _value(config, "sim_hang_timeout", parse_seconds)
    return Settings(
        threads=threads or (default_threads(config) if schedule is None else 1),
        schedule=schedule or DEPTH_FIRST,
        hang_timeout=hang_timeout or DEFAULT_HANG_TIMEOUT,
        timeout=_value(config, "sim_timeout", parse_seconds),
        device_memory=_value(config, "sim_device_memory", parse_size),
        isolate=config.getoption("sim_isolation") == "process",
        cxxflags=anchored(config.getini("sim_cxxflags"), config.rootpath),
        cache_limit=_ini_value(config, "sim_cache_size", parse_size),
        rebuild_since=rebuild_since(config),
    )


def anchored(flags: Sequence[str], root: Path) -> tuple[str, ...]:
    """Compiler flags in which names of headers and their directories that exist are absolute.

    Relative ones start at ``root``, whatever directory the compiler runs in.
    """

    def anchor(name: str) -> str:
        return str(root / name) if (root / name).exists() else name

    made: list[str] = []
    for previous, flag in zip(("", *flags), flags, strict=False):
        option = next((option for option in _HEADER_FLAGS if flag.startswith(option)), None)
        if previous in _HEADER_FLAGS:
            made.append(anchor(flag))
        elif option is None or flag == option:
            made.append(flag)
        else:
            made.append(option + anchor(flag.removeprefix(option)))
    return tuple(made)


def rebuild_since(config: pytest.Config) -> float:
    """Seconds since the epoch before which nothing compiled counts; the same in all workers."""
    if not config.getoption("sim_rebuild"):
        return 0.0
    worker = getattr(config, "workerinput", {})
    return float(worker.get(REBUILD_SINCE) or time.time())


def is_strict(config: pytest.Config) -> bool:
    """Whether a golden that proves nothing fails its case."""
    return bool(config.getoption("sim_strict") or config.getini("sim_strict"))


def default_threads(config: pytest.Config) -> int:
    """Usable CPUs, shared out among the xdist workers."""
    worker = getattr(config, "workerinput", None)
    if worker is not None:
        workers = int(worker["workercount"])
    else:
        workers = len(config.getoption("tx", None) or ()) or 1
    return max(1, usable_cpus() // workers)


def _value(config: pytest.Config, name: str, parse: Callable[[str], T]) -> T | None:
    option = f"--{name.replace('_', '-')}"
    given = config.getoption(name)
    if given is None:
        return _ini_value(config, name, parse)
    return _parsed(option, str(given), parse)


def _ini_value(config: pytest.Config, name: str, parse: Callable[[str], T]) -> T | None:
    text = str(config.getini(name))
    return _parsed(f"ini {name}", text, parse) if text else None


def _parsed(source: str, text: str, parse: Callable[[str], T]) -> T:
    try:
        return parse(text)
    except ValueError as error:
        raise pytest.UsageError(f"{source} {error}; got {text!r}") from None
