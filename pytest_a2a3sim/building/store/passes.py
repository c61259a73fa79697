"""Cases that have passed: each with what it depended on, so that nothing is left to chance.

A pass is named by the digest of all that it says, in a directory of its case. What a source was
compiled from is a file of its own, named by its digest as well: cases of one directory share it.
Paths below the root of the tests are kept relative to it, so that a pass counts in another
checkout. What is written once never changes but for stamps, which spare reading unchanged files.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.building.store.files import checked, with_digest
from pytest_a2a3sim.building.store.fingerprint import Digests, Glance, Stamp, digest_of_parts
from pytest_a2a3sim.building.store.inputs import Dependency, Inputs, changes, refreshed
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part

MOST_PASSES = 16  # of one case: on other branches, with other options
_REFUSAL = "not-kept"
_OWN = f"{PACKAGE}/"


@frozen
class Pass:
    """A case that passed, and what it depended on.

    Attributes:
        parts: what is known of a case before it runs, labelled.
        python: digest of what its Python code has used.
        sources: digests of what each of its sources was compiled from.
        variables: of the environment that its Python code has read; None where there was none.
        compiler: that has what the session's lacks; None where that is not so.
        stored: when it passed, in seconds since the epoch.
        seconds: how long it took.
    """

    parts: tuple[Part, ...]
    python: str
    sources: tuple[str, ...]
    variables: Mapping[str, str | None]
    compiler: str | None
    stored: float
    seconds: float

    @property
    def digest(self) -> str:
        """SHA-256 of all that the case depended on."""
        variables = ((f"variable {name}", repr(text)) for name, text in self.variables.items())
        sources = (("source", digest) for digest in self.sources)
        return digest_of_parts((*self.parts, ("python", self.python), *sources, *sorted(variables)))


class Passes:
    """The passes in a cache, as the tests below one root see them."""

    def __init__(self, cache: Cache, root: Path) -> None:
        self._cache = cache
        self._root = f"{root}/"
        self._digests = Digests()
        self._glance = Glance()
        self._inputs: dict[str, Inputs | None] = {}
        self._changes: dict[tuple[str, str], tuple[str, ...]] = {}

    def of(self, case: str) -> list[Pass]:
        """Those of a case, the newest first."""
        found = []
        for path in self._files(case):
            with contextlib.suppress(ValueError, KeyError, TypeError):
                data = checked(path)
                document = json.loads(data) if data is not None else {}
                passed = _decoded(document)
                if passed.digest == path.name:
                    found.append(passed)
        return sorted(found, key=lambda passed: -passed.stored)

    def why_not(self, case: str) -> str:
        """Why the last run of a case, which passed, was not kept; empty where it was."""
        path = self._directory(case) / _REFUSAL
        data = checked(path)
        return "" if data is None else data.decode()

    def keep(self, case: str, passed: Pass) -> bool:
        """Keeps a pass; says whether that worked."""
        directory = self._directory(case)
        path = directory / passed.digest
        document = {
            "parts": passed.parts,
            "python": passed.python,
            "sources": passed.sources,
            "variables": dict(passed.variables),
            "compiler": passed.compiler,
            "stored": passed.stored,
            "seconds": passed.seconds,
        }
        kept = self._cache.write(path, with_digest(_encoded(document)))
        with contextlib.suppress(OSError):
            (directory / _REFUSAL).unlink()
        oldest = sorted(self._files(case), key=_modified, reverse=True)[MOST_PASSES:]
        for old in oldest:
            with contextlib.suppress(OSError):
                old.unlink()
        return kept

    def refuse(self, case: str, reason: str) -> None:
        """Notes why a case that passed is not kept."""
        self._cache.write(self._directory(case) / _REFUSAL, with_digest(reason.encode()))

    def keep_inputs(self, inputs: Inputs) -> str:
        """Keeps what something depends on, and returns its digest."""
        document = self._shortened(inputs)
        digest = _digest(document)
        if self._inputs_of(digest) is None:
            self._inputs[digest] = inputs
            path = self._cache.path("inputs", digest)
            self._cache.write(path, with_digest(_encoded(document)))
        return digest

    def changes(self, digest: str, who: str) -> tuple[str, ...]:
        """What has changed of what something depends on, in words."""
        known = self._changes.get((digest, who))
        if known is None:
            inputs = self._inputs_of(digest)
            if inputs is None:
                known = ("what it depends on is no longer in the cache",)
            else:
                known = tuple(changes(inputs, self._digests, self._glance, who))
                if not known:
                    self._refresh(digest, inputs)
            self._changes[digest, who] = known
        return known

    def used(self, case: str, passed: Pass) -> None:
        """Counts a pass as used now."""
        names = (passed.python, *passed.sources)
        paths = [self._directory(case) / passed.digest]
        for path in (*paths, *(self._cache.path("inputs", name) for name in names)):
            with contextlib.suppress(OSError):
                os.utime(path)

    def _directory(self, case: str) -> Path:
        return self._cache.path("passes", digest_of_parts((("case", case),)))

    def _files(self, case: str) -> list[Path]:
        try:
            return [path for path in self._directory(case).iterdir() if path.name != _REFUSAL]
        except OSError:
            return []

    def _inputs_of(self, digest: str) -> Inputs | None:
        if digest not in self._inputs:
            self._inputs[digest] = self._read(digest)
        return self._inputs[digest]

    def _read(self, digest: str) -> Inputs | None:
        data = checked(self._cache.path("inputs", digest))
        if data is None:
            return None
        with contextlib.suppress(ValueError, KeyError, TypeError):
            document = json.loads(data)
            return self._lengthened(document) if _digest(document) == digest else None
        return None

    def _refresh(self, digest: str, inputs: Inputs) -> None:
        """Keeps the stamps that unchanged files have now."""
        renewed = refreshed(inputs, self._digests, self._glance, time.time_ns())
        if renewed is not inputs:
            data = with_digest(_encoded(self._shortened(renewed)))
            self._cache.write(self._cache.path("inputs", digest), data)

    def _shortened(self, inputs: Inputs) -> dict[str, Any]:
        """As it is kept: paths below the root are relative; this package is known otherwise."""
        return {
            "files": [
                (self._short(file.path), file.stamp, file.digest)
                for file in inputs.files
                if not file.path.startswith(_OWN)
            ],
            "absent": {
                self._short(f"{directory}/"): names
                for directory, names in inputs.absent.items()
                if not f"{directory}/".startswith(_OWN)
            },
            "listings": [
                (self._short(f"{directory}/"), names) for directory, names in inputs.listings
            ],
            "cpu": inputs.cpu,
        }

    def _lengthened(self, document: dict[str, Any]) -> Inputs:
        return Inputs(
            tuple(
                Dependency(self._long(path), Stamp(*stamp), digest)
                for path, stamp, digest in document["files"]
            ),
            {
                self._long(directory).rstrip("/"): tuple(names)
                for directory, names in document["absent"].items()
            },
            tuple((self._long(path).rstrip("/"), names) for path, names in document["listings"]),
            document["cpu"],
        )

    def _short(self, path: str) -> str:
        return path.removeprefix(self._root)

    def _long(self, path: str) -> str:
        return path if path.startswith("/") else self._root + path


def without_root(parts: Iterable[Part], root: Path) -> tuple[Part, ...]:
    """Parts whose texts are the same in every checkout."""
    return tuple((label, text.replace(f"{root}/", "{root}/")) for label, text in parts)


def _decoded(document: dict[str, Any]) -> Pass:
    passed = Pass(**document)
    parts = tuple((label, text) for label, text in passed.parts)
    return replace(passed, parts=parts, sources=tuple(passed.sources))


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode(errors="surrogateescape")


def _digest(document: dict[str, Any]) -> str:
    """SHA-256 of inputs, whatever their stamps are where there is a digest."""
    files = [
        (path, digest or f"{stamp[0]} {stamp[1]}") for path, stamp, digest in document["files"]
    ]
    text = json.dumps({**document, "files": files}, sort_keys=True)
    return digest_of_parts((("inputs", text),))


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
