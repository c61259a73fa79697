"""A session's shared objects: found in the cache, or compiled and put there."""

from __future__ import annotations

import functools
import hashlib
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.compile_error import CompileError
from pytest_a2a3sim.building.key import key_parts
from pytest_a2a3sim.building.starting import unforked
from pytest_a2a3sim.building.store.fingerprint import Digests, Glance, digest_of_parts
from pytest_a2a3sim.building.store.inputs import changed, refreshed
from pytest_a2a3sim.building.store.manifest import Manifest, ResultEntry
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.compile import UnitCompiler
    from pytest_a2a3sim.building.precompiled import PrecompiledHeaders
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

_ATTEMPTS = 3  # at a source that changes while it is compiled


class Objects:
    """Shared objects in a workspace of the session's own.

    Objects are copied from the cache into the workspace: what was verified is what runs, whatever
    happens to the cache meanwhile. Every method may be called from any thread.
    """

    def __init__(
        self,
        workspace: Path,
        cache: Cache,
        environment: Mapping[str, str],
        rebuild_since: float = 0.0,
    ) -> None:
        """Prepares an empty workspace.

        Args:
            workspace: an existing directory.
            cache: where objects are kept.
            environment: in which compilers run.
            rebuild_since: take nothing that was compiled before then (seconds since the epoch).
        """
        self._workspace = workspace
        self._cache = cache
        self._rebuild_since = rebuild_since
        self._digests = Digests()
        self._environment = environment
        self._making: tuple[UnitCompiler, PrecompiledHeaders] | None = None
        self._expected: set[Unit] = set()
        self._planning = threading.Lock()  # of the plan: who is expected, and whether it was made
        self._is_planned = True
        self._mutex = threading.Lock()  # of everything below
        self._last_name = 0
        self._manifests: dict[str, Manifest] = {}
        self._failures: dict[str, CompileError] = {}
        self._uncounted: set[Unit] = set()

    def stop(self) -> None:
        """Ends running compilers."""
        compiler, _ = self._makers()
        compiler.stop()

    def _makers(self) -> tuple[UnitCompiler, PrecompiledHeaders]:
        """What compiles; imported when something is to be compiled."""
        with unforked():
            from pytest_a2a3sim.building import compile as compiling  # noqa: PLC0415 - see above
            from pytest_a2a3sim.building import precompiled  # noqa: PLC0415 - as above
        with self._mutex:
            if self._making is None:
                shared = (self._workspace, self._cache, self._digests)
                compiler = compiling.UnitCompiler(*shared, self._environment)
                self._making = compiler, precompiled.PrecompiledHeaders(*shared, compiler)
            return self._making

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

    def take_compiled(self, units: set[Unit]) -> set[Unit]:
        """Those of the units that this session compiled, each told once."""
        with self._mutex:
            compiled = self._uncounted & units
            self._uncounted -= compiled
        return compiled

    def expect(self, units: Iterable[Unit]) -> None:
        """Says which units this session is going to ask for."""
        with self._planning:
            self._expected.update(units)
            self._is_planned = False

    def find(self, units: Iterable[Unit]) -> dict[Unit, ResultEntry]:
        """The valid results of those units that have one, without compiling anything.

        Raises:
            BuildError: the compiler or a source is missing.
        """
        glance = Glance()
        toolchain = functools.cache(self._toolchain)
        found = (
            (unit, self._find(unit, self._key(unit, toolchain(unit.compiler))[0], glance))
            for unit in units
        )
        return {unit: entry for unit, entry in found if entry is not None}

    def obtain(self, unit: Unit) -> ResultEntry:
        """The unit's valid result, compiled if need be.

        A file that changes while the compiler runs makes the result uncertain: nobody knows what
        the compiler has read. It is compiled again, and not kept if that goes on.

        Raises:
            CompileError: the source does not compile.
            BuildError: the compiler or the source is missing.
        """
        attempt = 0
        while True:
            attempt += 1
            toolchain = self._toolchain(unit.compiler)
            key, parts = self._key(unit, toolchain)
            entry = self._find(unit, key, Glance())
            if entry is not None:
                return entry
            with self._cache.locks.lock(key):
                # Another process may have compiled it meanwhile.
                entry = self._find(unit, key, Glance())
                if entry is not None:
                    return entry
                self._raise_known_failure(unit, key)
                compiled, settled = self._compile(unit, toolchain, key, parts)
                if settled or attempt == _ATTEMPTS:
                    return compiled

    def _toolchain(self, compiler: str | None) -> Toolchain:
        return find_toolchain(self._cache, self._environment, compiler)

    def _key(self, unit: Unit, toolchain: Toolchain) -> tuple[str, tuple[Part, ...]]:
        source = self._digests.of(str(unit.source))
        if source is None:
            raise BuildError(f"a source cannot be read: {unit.source.name}\n  in {unit.source}")
        parts = key_parts(unit, toolchain, source[1])
        return digest_of_parts(parts), parts

    def _find(self, unit: Unit, key: str, glance: Glance) -> ResultEntry | None:
        """The valid entry of a key whose object is at hand."""
        for look_up in (self._known, self._stored):
            manifest = look_up(unit, key)
            for entry in manifest.results if manifest is not None else ():
                if (
                    entry.stored >= self._rebuild_since
                    and entry.checkout in {"", unit.checkout.root}
                    and changed(entry.inputs, self._digests, glance) is None
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
        temporary = path.with_suffix(f".{self._new_name()}")
        temporary.write_bytes(data)
        temporary.replace(path)

    def _used(self, unit: Unit, key: str, entry: ResultEntry, glance: Glance) -> None:
        """Counts the entry as used, and notes the stamps of headers that were only touched."""
        known = self._known(unit, key)
        if known is None:
            self._cache.touch(key, entry.digest)
        inputs = refreshed(entry.inputs, self._digests, glance, time.time_ns())
        is_same = inputs is entry.inputs
        if is_same and known is not None and any(entry is other for other in known.results):
            return
        renewed = replace(entry, inputs=inputs)
        if not is_same:
            stored = self._stored(unit, key)
            if stored is not None and entry in stored.results:
                self._store(unit, key, stored.with_result(renewed))
        self._remember(unit, key, renewed, ())

    def _compile(
        self, unit: Unit, toolchain: Toolchain, key: str, parts: tuple[Part, ...]
    ) -> tuple[ResultEntry, bool]:
        """Compiles a unit, and keeps the result if it is certain; says whether it is."""
        compiler, headers = self._makers()
        self._plan(headers)
        header = headers.of(unit, toolchain)
        source_digest = dict(parts)["source content"]
        name = f"unit-{self._new_name()}"
        try:
            with self._cache.locks.cpu_slot(usable_cpus()):
                compiled = compiler.compile(unit, toolchain, source_digest, name, header)
        except CompileError as error:
            with self._mutex:
                self._failures[key + unit.checkout.tag] = error
            raise
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
        with self._mutex:
            self._uncounted.add(unit)
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

    def _new_name(self) -> int:
        """A number that no other file of the workspace has in its name."""
        with self._mutex:
            self._last_name += 1
            return self._last_name

    def _plan(self, headers: PrecompiledHeaders) -> None:
        """Decides about precompiled headers, once something is to be compiled."""
        with self._planning:
            if not self._is_planned:
                self._is_planned = True
                present = [unit for unit in self._expected if unit.source.is_file()]
                headers.want(set(present) - self.find(present).keys())

    def _raise_known_failure(self, unit: Unit, key: str) -> None:
        """A source that did not compile is not tried again while its files are the same."""
        failure = self._failures.get(key + unit.checkout.tag)
        if failure is None or failure.inputs is None:
            return
        if changed(failure.inputs, self._digests, Glance()) is None:
            raise failure


def source_name(unit: Unit) -> str:
    """Names a source, whatever is in it and however it is compiled."""
    return digest_of_parts((("source", str(unit.source)), ("kind", unit.kind)))
