"""What a file contains, without reading it again while it is unchanged."""

from __future__ import annotations

import hashlib
import os
import time
from typing import NamedTuple

from pytest_a2a3sim.model.frozen import frozen

# A file's change time is taken from a clock that ticks every 1 to 10 ms, so that a file which
# changed after an instant may carry a time this much before it.
CLOCK_GRANULARITY_NS = 20_000_000

_FEW_NAMES = 16  # looked for one by one, rather than in a list of the directory


class Stamp(NamedTuple):
    """What a file's status says: while it is the same, so is the content.

    The change time cannot be set by a program, unlike the modification time.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def of(cls, path: str) -> Stamp | None:
        """The file's stamp, or None where there is no file."""
        try:
            status = os.stat(path)  # noqa: PTH116 - called some hundred times a case
        except (OSError, ValueError):
            return None
        fields = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        return tuple.__new__(cls, fields)  # without a call of Python code

    def is_settled(self, since_ns: int) -> bool:
        """Whether the file cannot have changed after ``since_ns`` (nanoseconds since the epoch)."""
        return self.ctime_ns < since_ns - CLOCK_GRANULARITY_NS


def wait_until_settled(path: str) -> None:
    """Waits until a change of the file from now on has a later time than its last one."""
    stamp = Stamp.of(path)
    if stamp is not None:
        age = time.time_ns() - stamp.ctime_ns
        if 0 <= age <= CLOCK_GRANULARITY_NS:
            time.sleep((CLOCK_GRANULARITY_NS - age + 1_000_000) / 1e9)


class _Stamps(dict[str, "Stamp | None"]):
    """Looks at a path when it is first asked for; some thousand times a case."""

    def __missing__(self, path: str) -> Stamp | None:
        stamp = self[path] = Stamp.of(path)
        return stamp


class Glance:
    """What the file system looks like at one moment: each path is looked at once.

    Attributes:
        stamps: by path; None where there is no file.
    """

    def __init__(self) -> None:
        self.stamps = _Stamps()
        self._names: dict[str, frozenset[str]] = {}

    def names(self, directory: str) -> frozenset[str]:
        """The names in a directory; none where there is no directory."""
        names = self._names.get(directory)
        if names is None:
            _ = self.stamps[directory]  # before the names
            try:
                names = frozenset(os.listdir(directory))  # noqa: PTH208 - names, not paths
            except OSError:
                names = frozenset()
            self._names[directory] = names
        return names


@frozen
class Content:
    """A file as it was read.

    Attributes:
        stamp: the file's, taken after reading.
        digest: SHA-256 of the bytes, in hexadecimal.
        data: the bytes.
    """

    stamp: Stamp
    digest: str
    data: bytes


def read(path: str) -> Content | None:
    """Reads a file; None where there is none that can be read."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - called some hundred times a case
            data = file.read()
    except (OSError, ValueError):
        return None
    stamp = Stamp.of(path)
    return None if stamp is None else Content(stamp, hashlib.sha256(data).hexdigest(), data)


class Absences:
    """Names that are not in directories, looked for once while a directory's stamp is the same.

    A directory's times change when a name is added.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Stamp, set[str]]] = {}

    def appeared(self, directory: str, names: tuple[str, ...], stamp: Stamp | None) -> str | None:
        """The path of the first of the names that is there; ``stamp`` is the directory's."""
        if stamp is None:
            return None
        known_stamp, known = self._known.get(directory, (None, set[str]()))
        if stamp != known_stamp:
            known = set()
        elif known.issuperset(names):
            return None
        now = time.time_ns()
        wanted = [name for name in names if name not in known]
        there = self._among(directory, wanted)
        for name in there:
            path = f"{directory}/{name}"
            if os.path.exists(path):  # noqa: PTH110 - some hundred times a case
                return path
        if stamp.is_settled(now):
            self._known[directory] = stamp, known.union(wanted).difference(there)
        return None

    def are_known(self, directory: str, names: tuple[str, ...], stamp: Stamp | None) -> bool:
        """Whether a directory with that stamp has none of the names, not even as a link."""
        if stamp is None:
            return True
        known_stamp, known = self._known.get(directory, (None, set[str]()))
        return stamp == known_stamp and known.issuperset(names)

    @staticmethod
    def _among(directory: str, names: list[str]) -> list[str]:
        """Those of the names that are there, links that lead nowhere included."""
        if len(names) < _FEW_NAMES:
            return [name for name in names if os.path.lexists(f"{directory}/{name}")]
        try:
            return list(set(os.listdir(directory)).intersection(names))  # noqa: PTH208 - names
        except OSError:
            return []


class Digests:
    """SHA-256 of files, each computed once while its stamp stays the same.

    Attributes:
        absences: the same for files that are not there.
    """

    def __init__(self) -> None:
        self.absences = Absences()
        self._known: dict[str, tuple[Stamp, str]] = {}

    def of(self, path: str) -> tuple[Stamp, str] | None:
        """The file's stamp and digest; None where there is no file that can be read."""
        known = self._known.get(path)
        if known is not None and known[0] == Stamp.of(path):
            return known
        now = time.time_ns()
        content = read(path)
        if content is None:
            return None
        if content.stamp.is_settled(now):
            self._known[path] = content.stamp, content.digest
        return content.stamp, content.digest


def digest_of_parts(parts: tuple[tuple[str, str], ...]) -> str:
    """SHA-256 over labelled parts.

    Each label and each value is preceded by its length, so that no two lists of parts give the
    same bytes.
    """
    hashed = hashlib.sha256()
    for part in parts:
        for text in part:
            encoded = text.encode(errors="surrogateescape")
            hashed.update(len(encoded).to_bytes(8, "little"))
            hashed.update(encoded)
    return hashed.hexdigest()
