"""The one table of options: pytest's, the ini file's and the command line's are made from it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.core import parse_core_memory
from pytest_a2a3sim.model.order_options import parse_orders, parse_schedule
from pytest_a2a3sim.model.sanitizer import parse_checks
from pytest_a2a3sim.model.settings import DEFAULT_HANG_TIMEOUT, Settings, Threads
from pytest_a2a3sim.model.suppressions import parse_suppression

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_size(text: str) -> int:
    """A number of bytes: ``"500M"``, ``"2 GiB"``, ``"1073741824"``.

    Raises:
        ValueError: saying what is accepted.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if size < 1:
        raise ValueError("must be a size above 0, such as 500M or 2G")
    return size


def parse_seconds(text: str) -> float:
    """A number of seconds above 0.

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


def parse_threads(text: str) -> Threads:
    """``cores``, for a thread per simulated core, or a number of threads, at least 1.

    Raises:
        ValueError: saying what is accepted.
    """
    text = text.strip()
    if text == "cores":
        return "cores"
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise ValueError("must be an int, at least 1, or 'cores'")
    return count


def parse_isolation(text: str) -> bool:
    """``process``, for a child process a case, or ``none``.

    Raises:
        ValueError: saying what is accepted.
    """
    if text not in {"process", "none"}:
        raise ValueError("must be process or none")
    return text == "process"


@dataclass(frozen=True)
class Option:
    """One thing that a user can set.

    Attributes:
        name: without a prefix: ``hang_timeout`` is ``--sim-hang-timeout`` for pytest,
            ``sim_hang_timeout`` in an ini file, and ``--hang-timeout`` on the command line.
        help: what it does; ``{p}`` stands for the prefix of options.
        parse: text -> value; None for a flag, or for what is text already.
        metavar: names the value in help texts.
        field: of Settings; "" where the option concerns pytest alone.
        kind: ``value``; ``flag``, which has none; ``words``, a list of them; ``lines``, each of
            which is parsed; ``count``.
        option: whether pytest has it as an option.
        ini: whether it is an ini key.
        command: whether the command line has it.
    """

    name: str
    help: str
    parse: Callable[[str], Any] | None = None
    metavar: str | None = None
    field: str = ""
    kind: str = "value"
    option: bool = True
    ini: bool = True
    command: bool = True

    @property
    def ini_name(self) -> str:
        """The ini key, and pytest's name of the option."""
        return f"sim_{self.name}"

    def flag(self, prefix: str) -> str:
        """``--sim-hang-timeout`` for the prefix ``--sim-``."""
        return prefix + self.name.replace("_", "-")


OPTIONS = (
    Option(
        "threads",
        "threads that simulate the cores (default: usable CPUs, shared out among xdist workers), "
        "or a thread per simulated core",
        parse_threads,
        "N|cores",
        field="threads",
    ),
    Option(
        "schedule",
        "execute ready tasks in another order, on one thread unless {p}threads is given: "
        "fifo, lifo, creation, reverse, random, random:SEED, or before:TASK,TASK for the order of "
        "creation in which the second task runs right after the first",
        parse_schedule,
        "ORDER",
        field="schedule",
    ),
    Option(
        "orders",
        "execute each graph in further orders on one thread, which must leave the same outputs "
        "bit for bit: a number of them, off, or auto (default: three, if it takes less "
        "than 100 ms of CPU time)",
        parse_orders,
        "auto|N|off",
        field="orders",
    ),
    Option(
        "sanitize",
        "run graphs on instrumented kernels, and fail a case with a race, an access outside of its "
        "buffers, a use of bytes that nobody wrote, or flags between pipes that do not pair up: "
        "memcheck, racecheck, initcheck, synccheck, several with commas between them, or all",
        parse_checks,
        "CHECK[,CHECK]|all",
        field="sanitize",
    ),
    Option(
        "pto_isa_root",
        "directory of PTO ISA, whose headers kernels may include; the environment variable "
        "PTO_ISA_ROOT goes before it",
        field="pto_isa_root",
        option=False,
        command=False,
    ),
    Option(
        "core_memory",
        "the chip of which the memories and rules of a core are inside kernels on PTO ISA: a2a3 "
        "(default), a5, or generous for memories without end",
        parse_core_memory,
        "a2a3|a5|generous",
        field="core_memory",
    ),
    Option(
        "blame",
        "when outputs do not match, say which tasks the first and the worst mismatch come from, as "
        "{p}sanitize does by itself",
        kind="flag",
        field="blame",
    ),
    Option(
        "witness",
        "run a case with races (racecheck of {p}sanitize) once more with the two tasks of a race "
        "in either order, and say what differs",
        field="witness",
        kind="flag",
    ),
    Option(
        "suppressions",
        "findings of the sanitizer to leave out, a line each, with a reason: "
        "CHECK KERNEL [KERNEL [TENSOR]]: REASON",
        parse_suppression,
        field="suppressions",
        kind="lines",
        option=False,
        command=False,
    ),
    Option(
        "hang_timeout",
        "fail a case in which no task starts or finishes for so long (default: "
        f"{DEFAULT_HANG_TIMEOUT:g})",
        parse_seconds,
        "SECONDS",
        field="hang_timeout",
    ),
    Option(
        "timeout",
        "fail a case that takes longer than this in all, its compilation aside (default: no limit)",
        parse_seconds,
        "SECONDS",
        field="timeout",
    ),
    Option(
        "device_memory",
        "memory of the simulated device, such as 8G or 512M (default: 64G, or what this machine "
        "has if less)",
        parse_size,
        "SIZE",
        field="device_memory",
    ),
    Option(
        "isolation",
        "simulate in a child process (process, the default) or in this one, for gdb (none)",
        parse_isolation,
        "process|none",
        field="isolate",
        ini=False,
    ),
    Option(
        "cxxflags",
        "compiler flags added to every source's own",
        metavar="FLAGS",
        field="cxxflags",
        kind="words",
        option=False,
    ),
    Option(
        "golden_cache",
        "keep expected outputs in the build cache, and compute them again only when golden.py, the "
        "inputs or something else that compute_golden uses changes",
        kind="flag",
        field="golden_cache",
    ),
    Option(
        "cache_size",
        "size above which the build cache evicts, such as 500M or 2G",
        parse_size,
        "SIZE",
        field="cache_limit",
        option=False,
        command=False,
    ),
    Option(
        "rebuild",
        "compile every source anew, and compute expected outputs, whatever the build cache holds",
        kind="flag",
        ini=False,
    ),
    Option(
        "all_cases",
        "run every case of ALL_CASES, not only DEFAULT_CASE",
        kind="flag",
        ini=False,
        command=False,
    ),
    Option(
        "strict",
        "a golden that proves nothing fails its case instead of warning",
        kind="flag",
        command=False,
    ),
    Option(
        "json",
        "write what happened to every case as JSON, in one file",
        metavar="PATH",
        ini=False,
        command=False,
    ),
    Option(
        "artifacts",
        "save tensors, report and a script that reproduces it for each failed case",
        metavar="DIR",
        ini=False,
        command=False,
    ),
    Option(
        "durations",
        "show the N slowest cases and their slowest kernels",
        metavar="N",
        kind="count",
        ini=False,
        command=False,
    ),
)


def settings_of(values: Mapping[str, Any], *, default_threads: int) -> Settings:
    """Settings from options' values.

    Args:
        values: by :attr:`Option.field`; what is None or missing keeps its default.
        default_threads: threads where nobody set them; an order is executed on one thread then.
    """
    given = {name: value for name, value in values.items() if value is not None}
    threads = 1 if "schedule" in given else default_threads
    return Settings(**{"threads": threads, **given})
