"""What is known about one source compiled in one way: its results, and when each is still valid."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.building.includes import Absent, appeared
from pytest_a2a3sim.building.store.fingerprint import Stamp

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.building.store.fingerprint import Digests, Glance

MAX_RESULTS = 8

Part = tuple[str, str]


@dataclass(frozen=True)
class Dependency:
    """A file that the compiler read: absolute path, and what it was then."""

    path: str
    stamp: Stamp
    digest: str


@dataclass(frozen=True)
class ResultEntry:
    """One result of compiling a source.

    Attributes:
        dependencies: the headers; valid while each has the same content.
        absent: names by directory; valid while there is no such file.
        digest: SHA-256 of the shared object, in hexadecimal.
        symbols: the functions that it exports, sorted.
        stored: when, in seconds since the epoch.
    """

    dependencies: tuple[Dependency, ...]
    absent: Absent
    digest: str
    symbols: tuple[str, ...]
    stored: float


@dataclass(frozen=True)
class Manifest:
    """The results for one key, newest first.

    Attributes:
        parts: what the key was made from, for people.
        results: one for each set of headers' contents met so far.
    """

    parts: tuple[Part, ...]
    results: tuple[ResultEntry, ...] = ()

    def with_result(self, entry: ResultEntry) -> Manifest:
        """The same with one more result, which replaces those of the same headers."""
        contents = _contents(entry)
        others = [other for other in self.results if _contents(other) != contents]
        return replace(self, results=(entry, *others)[:MAX_RESULTS])

    def encode(self) -> bytes:
        """As bytes, preceded by their own SHA-256."""
        document = {
            "parts": self.parts,
            "entries": [
                {
                    "dependencies": [(d.path, d.stamp, d.digest) for d in entry.dependencies],
                    "absent": entry.absent,
                    "digest": entry.digest,
                    "symbols": entry.symbols,
                    "stored": entry.stored,
                }
                for entry in self.results
            ],
        }
        body = json.dumps(document, separators=(",", ":")).encode()
        return hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def decode(data: bytes) -> Manifest | None:
    """What :meth:`Manifest.encode` made; None if it is damaged."""
    checksum, _, body = data.partition(b"\n")
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        return None
    document = json.loads(body)
    return Manifest(
        parts=tuple((label, value) for label, value in document["parts"]),
        results=tuple(_entry(entry) for entry in document["entries"]),
    )


def _entry(document: dict[str, Any]) -> ResultEntry:
    return ResultEntry(
        dependencies=tuple(
            Dependency(path, Stamp(*stamp), digest)
            for path, stamp, digest in document["dependencies"]
        ),
        absent={directory: tuple(names) for directory, names in document["absent"].items()},
        digest=document["digest"],
        symbols=tuple(document["symbols"]),
        stored=document["stored"],
    )


def _contents(entry: ResultEntry) -> tuple[tuple[str, str], ...]:
    return tuple((dependency.path, dependency.digest) for dependency in entry.dependencies)


def miss_reason(entry: ResultEntry, digests: Digests, glance: Glance) -> str | None:
    """Why an entry is not valid now, in words; None if it is."""
    for dependency in entry.dependencies:
        if glance.stamp(dependency.path) == dependency.stamp:
            continue
        current = digests.of(dependency.path)
        if current is None:
            return f"a header is gone: {dependency.path}"
        if current[1] != dependency.digest:
            return f"a header has changed: {dependency.path}"
    path = appeared(entry.absent, glance)
    return None if path is None else f"a new file comes first on the include path: {path}"


def refreshed(entry: ResultEntry, digests: Digests, glance: Glance, now_ns: int) -> ResultEntry:
    """A valid entry with the stamps that unchanged headers have now, where they are settled."""
    renewed = []
    for dependency in entry.dependencies:
        stamp = glance.stamp(dependency.path)
        if stamp is not None and stamp != dependency.stamp and stamp.is_settled(now_ns):
            current = digests.of(dependency.path)
            if current is not None and current[1] == dependency.digest:
                renewed.append(replace(dependency, stamp=current[0]))
                continue
        renewed.append(dependency)
    return replace(entry, dependencies=tuple(renewed))


def read_manifest(path: Path) -> Manifest | None:
    """The manifest in a file; None if there is none, or a damaged one."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return decode(data)
