"""What a result was made from, and whether that is still the same."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pytest_a2a3sim.building.store.fingerprint import Glance, Stamp
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.uses import UntrackedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pytest_a2a3sim.building.store.fingerprint import Digests
    from pytest_a2a3sim.model.uses import Uses

CPU_FILE = Path("/proc/cpuinfo")
BY_STAMP = ""
"""Instead of a digest: a file that counts as unchanged by size and modification time."""

_VARYING = ("processor", "cpu MHz", "bogomips", "BogoMIPS", "microcode", "apicid", "core id")

Absent = dict[str, tuple[str, ...]]
"""Names that must not appear, by directory."""


class Dependency(NamedTuple):
    """A file that the compiler read: absolute path, and what it was then."""

    path: str
    stamp: Stamp
    digest: str


@frozen
class Inputs:
    """All that a result depends on, besides what its key is made from.

    Attributes:
        files: that were read, by content; programs that ran, and files that were only looked at,
            by size and modification time.
        absent: where nothing was found.
        listings: directories whose names were read, with a digest of the names.
        cpu: a digest of what the CPU can do, where a flag asks for it; "" elsewhere.
    """

    files: tuple[Dependency, ...] = ()
    absent: Absent = field(default_factory=dict)
    listings: tuple[tuple[str, str], ...] = ()
    cpu: str = ""

    @property
    def read(self) -> tuple[str, ...]:
        """Paths of the files that were read."""
        return tuple(file.path for file in self.files if file.digest != BY_STAMP)

    def contents(self) -> tuple[tuple[str, str], ...]:
        """What tells them from the inputs of another result of the same source."""
        return tuple((file.path, file.digest) for file in self.files)

    def mapped(self, path_of: Callable[[str], str]) -> Inputs:
        """The same with other paths."""
        return Inputs(
            tuple(
                file if (path := path_of(file.path)) == file.path else file._replace(path=path)
                for file in self.files
            ),
            {path_of(directory): names for directory, names in self.absent.items()},
            tuple((path_of(directory), digest) for directory, digest in self.listings),
            self.cpu,
        )

    def with_those_of(self, other: Inputs) -> Inputs:
        """The union of both, the other's files first."""
        files = {file.path: file for file in (*self.files, *other.files)}
        first = dict.fromkeys(file.path for file in (*other.files, *self.files))
        absent = {*paths_of(self.absent), *paths_of(other.absent)}
        return Inputs(
            tuple(files[path] for path in first),
            by_directory(absent),
            tuple({**dict(other.listings), **dict(self.listings)}.items()),
            self.cpu or other.cpu,
        )


def paths_of(absent: Absent) -> tuple[str, ...]:
    """The paths that names by directory stand for."""
    return tuple(f"{directory}/{name}" for directory, names in absent.items() for name in names)


def by_directory(paths: Iterable[str]) -> Absent:
    """Paths as names by directory."""
    names: dict[str, list[str]] = {}
    for path in sorted(paths):
        directory, _, name = path.rpartition("/")
        names.setdefault(directory, []).append(name)
    return {directory: tuple(listed) for directory, listed in names.items()}


def observed(uses: Uses, digests: Digests, since_ns: int, who: str) -> Inputs:
    """Inputs of Python code that has run since then.

    Raises:
        UntrackedError: a file may have changed meanwhile.
    """
    files = []
    for path in uses.files:
        known = digests.of(path)
        if known is None or not known[0].is_settled(since_ns):
            raise UntrackedError(f"{path} has changed while {who} ran")
        files.append(Dependency(path, known[0], known[1]))
    return Inputs(
        tuple(files),
        by_directory(uses.absent),
        tuple((path, names_digest(Glance().names(path))) for path in uses.directories),
    )


def names_digest(names: Iterable[str]) -> str:
    """SHA-256 of the names in a directory."""
    joined = "\0".join(sorted(names))
    return hashlib.sha256(joined.encode(errors="surrogateescape")).hexdigest()


def cpu_digest() -> str:
    """SHA-256 of what the first CPU says about itself, except for what varies while it runs."""
    return _cpu_digest(CPU_FILE)


@functools.cache
def _cpu_digest(path: Path) -> str:
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            block = file.read(1 << 16).split("\n\n", 1)[0]
    except OSError:
        return "unknown"
    lines = [line for line in block.splitlines() if not line.startswith(_VARYING)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def changed(inputs: Inputs, digests: Digests, glance: Glance) -> str | None:
    """What has changed first, in words; None if nothing has."""
    return next(changes(inputs, digests, glance), None)


def changes(
    inputs: Inputs, digests: Digests, glance: Glance, who: str = "the compiler"
) -> Iterator[str]:
    """All that has changed for whoever reads them, in words."""
    stamps = glance.stamps
    for file in inputs.files:
        stamp = stamps[file.path]
        if stamp == file.stamp:
            continue
        if stamp is None:
            yield f"a file is gone: {file.path}"
        elif not _is_same(file, stamp, digests):
            yield f"a file has changed: {file.path}"
    path = appeared(inputs.absent, digests, glance)
    if path is not None:
        yield f"a new file comes first where {who} looks: {path}"
    for directory, digest in inputs.listings:
        if names_digest(glance.names(directory)) != digest:
            yield f"a directory that {who} lists has changed: {directory}"
    if inputs.cpu and inputs.cpu != cpu_digest():
        yield "the CPU is another one, and flags ask for what it can do"


def _is_same(file: Dependency, stamp: Stamp, digests: Digests) -> bool:
    """Whether a file with another stamp has the same content, as far as that counts."""
    if file.digest == BY_STAMP:
        return (stamp.size, stamp.mtime_ns) == (file.stamp.size, file.stamp.mtime_ns)
    current = digests.of(file.path)
    return current is not None and current[1] == file.digest


def appeared(absent: Absent, digests: Digests, glance: Glance) -> str | None:
    """The first of the paths at which there is something now."""
    stamps = glance.stamps
    for directory, names in absent.items():
        path = digests.absences.appeared(directory, names, stamps[directory])
        if path is not None:
            return path
    return None


def refreshed(inputs: Inputs, digests: Digests, glance: Glance, now_ns: int) -> Inputs:
    """Unchanged inputs with the stamps that the files have now, where they are settled."""
    stamps = glance.stamps
    if all(stamps[file.path] == file.stamp for file in inputs.files):
        return inputs
    renewed = []
    for file in inputs.files:
        stamp = stamps[file.path]
        is_new = stamp is not None and stamp != file.stamp and stamp.is_settled(now_ns)
        if stamp is not None and is_new and _is_same(file, stamp, digests):
            renewed.append(file._replace(stamp=stamp))
        else:
            renewed.append(file)
    return replace(inputs, files=tuple(renewed))
