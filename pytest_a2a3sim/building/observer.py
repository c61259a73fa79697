"""Which files a compiler and all that it starts look for, as a library preloaded into them tells.

The library, observer.cpp, is part of what is installed. Where that does not fit, the compiler that
it observes compiles it, and it is kept in the cache. Each record is "<process> <kind> <path>". A
program that does not load it, such as one that is linked statically, is noticed: it was to be
executed, and never said that it started.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import threading
import weakref
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.arguments import shortened
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.building.companions import Companions
    from pytest_a2a3sim.building.processes import Processes, Run
    from pytest_a2a3sim.building.toolchain import Toolchain

_SOURCES = tuple(PACKAGE / "building" / name for name in ("observer.cpp", "observer.h"))
_FLAGS = (
    *("-std=c++17", "-O0", "-w", "-shared", "-fPIC", "-Wl,--as-needed"),
    *("-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics"),
)
_LOG_VARIABLE = "A2A3SIM_OBSERVED"
_SEPARATES = re.compile(r"[\s:]")  # paths in LD_PRELOAD
_UNTRACKED = ("/proc/", "/dev/", "/sys/")

# Kinds of records.
_STARTED, _EXECUTES, _EXECUTES_NOT = "X", "E", "F"
_READ, _SEEN, _LOADED, _ABSENT, _LISTED, _WRITTEN, _TIME = "R", "S", "P", "A", "D", "W", "T"


@frozen
class Sight:
    """What one command, or several of them, looked for.

    Attributes:
        read: files that were opened for reading.
        seen: what was found there but not read, programs that ran, and libraries they loaded.
        absent: where nothing was found.
        listed: directories whose names were read.
        written: what was made or changed, and not read before.
        timed: what was read by those programs that asked for the time of day.
        unseen: a program that was not observed; "" if all were.
    """

    read: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    listed: frozenset[str] = frozenset()
    written: frozenset[str] = frozenset()
    timed: frozenset[str] = frozenset()
    unseen: str = ""

    def __or__(self, other: Sight) -> Sight:
        """What both looked for."""
        return Sight(
            self.read | other.read,
            self.seen | other.seen,
            self.absent | other.absent,
            self.listed | other.listed,
            self.written | other.written,
            self.timed | other.timed,
            self.unseen or other.unseen,
        )


def parse(log: bytes, program: str, process: int, library: str) -> Sight:
    """Reads a log.

    Args:
        log: what the library wrote.
        program: that was started first.
        process: its process.
        library: the one that wrote the log, which is no input of what is made.
    """
    paths = defaultdict[str, set[str]](set)
    read_by = defaultdict[str, set[str]](set)
    timed: set[str] = set()
    expected = Counter({str(process): 1})
    programs = {str(process): program}
    for entry in filter(None, os.fsdecode(log).split("\0")):
        pid, kind, path = entry.split(" ", 2)
        if kind == _EXECUTES:
            expected[pid] += 1
            programs[pid] = path
        elif kind == _EXECUTES_NOT or (kind == _STARTED and _became(programs.get(pid), path)):
            expected[pid] -= 1
        elif kind == _READ:
            read_by[pid].add(path)
        elif kind == _TIME:
            timed.add(pid)
        elif kind == _WRITTEN and path in paths[_READ]:
            continue  # a change of what was read before is no reason to forget it
        paths[kind].add(path)
    paths[_LOADED].discard(library)
    unseen = next((programs[pid] for pid, missing in expected.items() if missing > 0), "")

    def tracked(*kinds: str) -> frozenset[str]:
        each = (path for kind in kinds for path in paths[kind])
        return frozenset(path for path in each if not path.startswith(_UNTRACKED))

    return Sight(
        read=tracked(_READ),
        seen=tracked(_SEEN, _LOADED, _STARTED),
        absent=tracked(_ABSENT),
        listed=tracked(_LISTED),
        written=tracked(_WRITTEN),
        timed=frozenset(path for pid in timed for path in read_by[pid]),
        unseen=unseen,
    )


def _became(executed: str | None, started: str) -> bool:
    """Whether a program that was executed is the one that started, or a script that it reads.

    A program that cannot be observed may have executed another one in its place.
    """
    if executed is None or not os.path.exists(executed):  # noqa: PTH110 - as they are recorded
        return True
    if os.path.samefile(executed, started):  # noqa: PTH121 - as above
        return True
    with open(executed, "rb") as file:  # noqa: PTH123 - as above
        return file.read(2) == b"#!"


class Observer:
    """Runs commands and tells what they look for."""

    def __init__(self, workspace: Path, companions: Companions, processes: Processes) -> None:
        self._workspace = workspace
        self._companions = companions
        self._processes = processes
        self._mutex = threading.Lock()
        self._libraries: dict[Path, _Library] = {}
        self._installed = _installed()
        self._misfits: set[object] = set()  # compilers that do not load it, by identity

    def prepare(self, toolchain: Toolchain) -> None:
        """Makes the library for a compiler."""
        self._library(toolchain)

    def run(self, toolchain: Toolchain, command: list[str], directory: Path) -> tuple[Run, Sight]:
        """Runs a command to its end.

        Raises:
            BuildError: it cannot be started, or everything was stopped.
        """
        library = self._library(toolchain)
        command = shortened(command, toolchain, self._workspace)
        # What a compiler leaves behind when it is killed goes with the workspace.
        place = {"TMPDIR": str(self._workspace)}
        if library is None:
            return self._processes.run(command, directory, **place), Sight(unseen=command[0])
        log = self._workspace / f"{os.urandom(8).hex()}.log"
        log.touch()
        others = toolchain.environment.get("LD_PRELOAD", "")
        preloaded = f"{library.preloaded}:{others}".rstrip(":")
        extra = {"LD_PRELOAD": preloaded, _LOG_VARIABLE: str(log)}
        try:
            run = self._processes.run(command, directory, **place, **extra)
            sight = parse(log.read_bytes(), command[0], run.process, library.preloaded)
        finally:
            log.unlink()
        if run.status == 0 and not sight.read:  # nothing is made of nothing
            sight |= Sight(unseen=command[0])
        if sight.unseen and library is self._installed:
            self._misfits.add(toolchain.identity)
            return self.run(toolchain, command, directory)
        if run.status != 0 and sight.unseen:  # because of the library, perhaps
            run = self._processes.run(command, directory, **place)
        return run, sight

    def _library(self, toolchain: Toolchain) -> _Library | None:
        """The library for a compiler; None where it cannot be made."""
        if self._installed is not None and toolchain.identity not in self._misfits:
            return self._installed
        path = self._companions.obtain(toolchain, _SOURCES, _FLAGS, ".so")
        if path is None:
            return None
        with self._mutex:
            return self._libraries.setdefault(path, _Library(path))


def _installed() -> _Library | None:
    """The library that was built with the engine, if that was from the same sources."""
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in _SOURCES)).hexdigest()
    path = _SOURCES[0].with_suffix(".elf")
    with contextlib.suppress(OSError):  # it is not there, or not to be read
        if digest.encode() in path.read_bytes():
            return _Library(path)
    return None


class _Library:
    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._descriptor = -1
        if _SEPARATES.search(self._path):
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._descriptor)

    @property
    def preloaded(self) -> str:
        """What LD_PRELOAD holds: the path, or a name for it without spaces and colons."""
        if self._descriptor < 0:
            return self._path
        return f"/proc/{os.getpid()}/fd/{self._descriptor}"
