"""What is known about one source compiled in one way: its results, and when each is still valid."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.building.store.fingerprint import Stamp
from pytest_a2a3sim.building.store.inputs import Dependency, Inputs
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_RESULTS = 8

Part = tuple[str, str]


@frozen
class ResultEntry:
    """One result of compiling a source.

    Attributes:
        inputs: valid while they are the same.
        digest: SHA-256 of the shared object, in hexadecimal.
        symbols: the functions that it exports, sorted.
        stored: when, in seconds since the epoch.
        checkout: the only one whose path the object can be used at; "" if it can be at any.
    """

    inputs: Inputs
    digest: str
    symbols: tuple[str, ...]
    stored: float
    checkout: str = ""


@frozen
class Manifest:
    """The results for one key, newest first.

    Attributes:
        parts: what the key was made from, for people.
        results: one for each set of inputs' contents met so far.
        not_kept: why the newest result was not kept, for people; "" if it was.
    """

    parts: tuple[Part, ...]
    results: tuple[ResultEntry, ...] = ()
    not_kept: str = ""

    def with_result(self, entry: ResultEntry) -> Manifest:
        """The same with one more result, which replaces those of the same inputs."""
        contents = entry.inputs.contents()
        others = [
            other
            for other in self.results
            if other.inputs.contents() != contents or other.checkout != entry.checkout
        ]
        return replace(self, results=(entry, *others)[:MAX_RESULTS], not_kept="")

    def mapped(self, path_of: Callable[[str], str]) -> Manifest:
        """The same with other paths of inputs."""
        entries = (replace(entry, inputs=entry.inputs.mapped(path_of)) for entry in self.results)
        return replace(self, results=tuple(entries))

    def encode(self) -> bytes:
        """As bytes, preceded by their own SHA-256."""
        document = {
            "parts": self.parts,
            "not_kept": self.not_kept,
            "entries": [
                {
                    "files": [(d.path, d.stamp, d.digest) for d in entry.inputs.files],
                    "absent": entry.inputs.absent,
                    "listings": entry.inputs.listings,
                    "cpu": entry.inputs.cpu,
                    "digest": entry.digest,
                    "symbols": entry.symbols,
                    "stored": entry.stored,
                    "checkout": entry.checkout,
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
        not_kept=document["not_kept"],
    )


def _entry(document: dict[str, Any]) -> ResultEntry:
    return ResultEntry(
        inputs=Inputs(
            tuple(
                Dependency(path, Stamp(*stamp), digest) for path, stamp, digest in document["files"]
            ),
            {directory: tuple(names) for directory, names in document["absent"].items()},
            tuple((directory, digest) for directory, digest in document["listings"]),
            document["cpu"],
        ),
        digest=document["digest"],
        symbols=tuple(document["symbols"]),
        stored=document["stored"],
        checkout=document.get("checkout", ""),
    )


def read_manifest(path: Path) -> Manifest | None:
    """The manifest in a file; None if there is none, or a damaged one."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return decode(data)
