"""Shared objects that a session has found in the cache, or compiled and put there."""

from __future__ import annotations

import hashlib
import itertools
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.key import key_parts
from pytest_a2a3sim.building.store.fingerprint import Digests, Glance, digest_of_parts
from pytest_a2a3sim.building.store.inputs import changed, refreshed
from pytest_a2a3sim.building.store.manifest import Manifest, ResultEntry
from pytest_a2a3sim.building.store.unchanged import Unchanged
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.compile import Compiled
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit


@frozen
class _Found:
    """Results of several units, and what tells whether they are still valid."""

    entries: dict[Unit, ResultEntry]
    unchanged: Unchanged


class Results:
    """Shared objects in a workspace of the session's own.

    Objects are copied from the cache into the workspace: what was verified is what runs, whatever
    happens to the cache meanwhile. Every method may be called from any thread.

    Attributes:
        digests: of files, each read once while it is unchanged.
    """

    def __init__(
        self, workspace: Path, cache: Cache, environment: Mapping[str, str], rebuild_since: float
    ) -> None:
        self._workspace = workspace
        self._cache = cache
        self._environment = environment
        self._rebuild_since = rebuild_since
        self.digests = Digests()
        self._mutex = threading.Lock()  # of everything below
        self._last_name = 0
        self._manifests: dict[str, Manifest] = {}
        self._found: dict[tuple[Unit, ...], _Found] = {}

    def path(self, unit: Unit, entry: ResultEntry, copy: int = 1) -> Path:
        """The object of a unit's entry that this session found or compiled.

        Copies with other numbers are files of their own, which do not share static variables when
        they are loaded.
        """
        name = f"{entry.digest}{unit.checkout.tag}"
        first = self._workspace / f"{name}.so"
        if copy == 1:
            return first
        path = self._workspace / f"{name}-{copy}.so"
        if not path.exists():
            path.write_bytes(first.read_bytes())
        return path

    def find(self, units: Iterable[Unit]) -> dict[Unit, ResultEntry]:
        """The valid results of those units that have one, without compiling anything.

        Raises:
            BuildError: the compiler or a source is missing.
        """
        wanted = tuple(units)
        known = self._found.get(wanted)
        if known is not None and known.unchanged.holds():
            return dict(known.entries)
        begun, glance = time.time_ns(), Glance()
        toolchains = {name: self.toolchain(name) for name in {unit.compiler for unit in wanted}}
        places = os.get_exec_path(dict(self._environment))
        for path in itertools.chain(places, *(each.files for each in toolchains.values())):
            _ = glance.stamps[path]
        entries = {}
        for unit in wanted:
            _ = glance.stamps[str(unit.source)]  # before it is read
            key, _ = self.key(unit, toolchains[unit.compiler])
            entry = self.find_one(unit, key, glance)
            if entry is not None:
                entries[unit] = entry
                _ = glance.stamps[str(self.path(unit, entry))]
        inputs = (entry.inputs for entry in entries.values())
        unchanged = Unchanged.since(glance, begun, inputs, self.digests.absences)
        if unchanged is not None and len(entries) == len(set(wanted)):
            self._found[wanted] = _Found(entries, unchanged)
        return entries

    def toolchain(self, compiler: str | None) -> Toolchain:
        """The compiler of that command; None for the session's.

        Raises:
            BuildError: it is missing, or does not run.
        """
        return find_toolchain(self._cache, self._environment, compiler)

    def key(self, unit: Unit, toolchain: Toolchain) -> tuple[str, tuple[Part, ...]]:
        """Under which a unit's results are kept, and what that was made from.

        Raises:
            BuildError: its source cannot be read.
        """
        source = self.digests.of(str(unit.source))
        if source is None:
            raise BuildError(f"a source cannot be read: {unit.source.name}\n  in {unit.source}")
        parts = key_parts(unit, toolchain, source[1])
        return digest_of_parts(parts), parts

    def find_one(self, unit: Unit, key: str, glance: Glance) -> ResultEntry | None:
        """The valid entry of a key whose object is at hand."""
        for look_up in (self._known, self._stored):
            manifest = look_up(unit, key)
            for entry in manifest.results if manifest is not None else ():
                if (
                    entry.stored >= self._rebuild_since
                    and entry.checkout in {"", unit.checkout.root}
                    and changed(entry.inputs, self.digests, glance) is None
                    and self._fetch(unit, entry)
                ):
                    self._used(unit, key, entry, glance)
                    return entry
        return None

    def _known(self, unit: Unit, key: str) -> Manifest | None:
        return self._manifests.get(key + unit.checkout.tag)

    def _stored(self, unit: Unit, key: str) -> Manifest | None:
        manifest = self._cache.manifest(key)
        return None if manifest is None else manifest.mapped(unit.checkout.lengthened)

    def _store(self, unit: Unit, key: str, manifest: Manifest) -> None:
        self._cache.save_manifest(key, manifest.mapped(unit.checkout.shortened))

    def _fetch(self, unit: Unit, entry: ResultEntry) -> bool:
        """Copies an object from the cache into the workspace; False if it has no sound one."""
        path = self.path(unit, entry)
        if path.exists():
            return True
        data = self._cache.read_object(entry.digest)
        if data is None:
            return False
        self._write(path, unit.checkout.own(data))
        return True

    def _write(self, path: Path, data: bytes) -> None:
        temporary = path.with_suffix(f".{self.new_name()}")
        temporary.write_bytes(data)
        temporary.replace(path)

    def _used(self, unit: Unit, key: str, entry: ResultEntry, glance: Glance) -> None:
        """Counts the entry as used, and notes the stamps of headers that were only touched."""
        known = self._known(unit, key)
        if known is None:
            self._cache.touch(key, entry.digest)
        inputs = refreshed(entry.inputs, self.digests, glance, time.time_ns())
        is_same = inputs is entry.inputs
        if is_same and known is not None and any(entry is other for other in known.results):
            return
        renewed = replace(entry, inputs=inputs)
        if not is_same:
            stored = self._stored(unit, key)
            if stored is not None and entry in stored.results:
                self._store(unit, key, stored.with_result(renewed))
        self._remember(unit, key, renewed, ())

    def keep(
        self, unit: Unit, key: str, parts: tuple[Part, ...], compiled: Compiled
    ) -> tuple[ResultEntry, bool]:
        """Keeps a result if it is certain; says whether it is."""
        content = compiled.path.read_bytes()
        checkout = unit.checkout
        entry = ResultEntry(
            inputs=compiled.inputs,
            digest=hashlib.sha256(content).hexdigest(),
            symbols=compiled.symbols,
            stored=time.time(),
            checkout=checkout.root if checkout.is_named_in(content) else "",
        )
        compiled.path.unlink()
        self._write(self.path(unit, entry), checkout.own(content))
        if compiled.settled:
            self._remember(unit, key, entry, parts)
            stored = self._stored(unit, key) or Manifest(parts)
            if compiled.not_kept:
                stored = replace(stored, not_kept=compiled.not_kept)
            else:
                self._cache.save_object(content)
                stored = stored.with_result(entry)
            self._store(unit, key, stored)
            self._cache.save_latest_key(source_name(unit), key)
        return entry, compiled.settled

    def _remember(self, unit: Unit, key: str, entry: ResultEntry, parts: tuple[Part, ...]) -> None:
        """Notes a valid result, for a key whose manifest this session has not met before too."""
        with self._mutex:
            known = self._known(unit, key) or Manifest(parts)
            self._manifests[key + unit.checkout.tag] = known.with_result(entry)

    def new_name(self) -> int:
        """A number that no other file of the workspace has in its name."""
        with self._mutex:
            self._last_name += 1
            return self._last_name


def source_name(unit: Unit) -> str:
    """Names a source, whatever is in it and however it is compiled."""
    return digest_of_parts((("source", str(unit.source)), ("kind", unit.kind)))
