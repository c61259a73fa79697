"""A session's shared objects: found in the cache, or compiled and put there."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.compile_error import CompileError
from pytest_a2a3sim.building.results import Results
from pytest_a2a3sim.building.starting import unforked
from pytest_a2a3sim.building.store.fingerprint import Glance, digest_of_parts
from pytest_a2a3sim.building.store.inputs import changed
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.compile import Compiled
    from pytest_a2a3sim.building.making import Makers
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.manifest import Part, ResultEntry
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

_ATTEMPTS = 3  # at a source that changes while it is compiled


class Objects:
    """Results for units, made if need be. Every method may be called from any thread."""

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
        self._environment = environment
        self._results = Results(workspace, cache, environment, rebuild_since)
        self._making: Makers | None = None
        self._expected: dict[Unit, None] = {}  # in their order
        self._planning = threading.Lock()  # of the plan: who is expected, and whether it was made
        self._is_planned = True
        self._mutex = threading.Lock()  # of everything below
        self._failures: dict[str, CompileError] = {}
        self._uncounted: set[Unit] = set()

    def prepare(self) -> None:
        """Finds out about the session's compiler, and makes what its compilations need."""
        with contextlib.suppress(BuildError, OSError):  # whoever compiles will tell
            self._makers().compiler.prepare(self._results.toolchain(None))

    def stop(self) -> None:
        """Ends running compilers."""
        self._makers().compiler.stop()

    def _makers(self) -> Makers:
        """What compiles; imported when something is to be compiled."""
        with unforked():
            from pytest_a2a3sim.building import making  # noqa: PLC0415 - see above
        with self._mutex:
            if self._making is None:
                self._making = making.Makers(
                    self._workspace, self._cache, self._results.digests, self._environment
                )
            return self._making

    def path(self, unit: Unit, entry: ResultEntry, copy: int = 1) -> Path:
        """See :meth:`Results.path`."""
        return self._results.path(unit, entry, copy)

    def find(self, units: Iterable[Unit]) -> dict[Unit, ResultEntry]:
        """See :meth:`Results.find`."""
        return self._results.find(units)

    def take_compiled(self, units: set[Unit]) -> set[Unit]:
        """Those of the units that this session compiled, each told once."""
        with self._mutex:
            compiled = self._uncounted & units
            self._uncounted -= compiled
        return compiled

    def expect(self, units: Iterable[Unit]) -> None:
        """Says which units this session is going to ask for."""
        with self._planning:
            self._expected |= dict.fromkeys(units)
            self._is_planned = False

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
            toolchain = self._results.toolchain(unit.compiler)
            key, parts = self._results.key(unit, toolchain)
            entry = self._results.find_one(unit, key, Glance())
            if entry is not None:
                return entry
            with self._cache.locks.lock(key):
                # Another process may have compiled it meanwhile.
                entry = self._results.find_one(unit, key, Glance())
                if entry is not None:
                    return entry
                self._raise_known_failure(unit, key)
                compiled, settled = self._compile(unit, toolchain, key, parts)
                if settled or attempt == _ATTEMPTS:
                    return compiled

    def _compile(
        self, unit: Unit, toolchain: Toolchain, key: str, parts: tuple[Part, ...]
    ) -> tuple[ResultEntry, bool]:
        """Compiles a unit, and keeps the result if it is certain; says whether it is."""
        makers = self._makers()
        self._plan(makers)
        while (group := makers.groups.claim(unit)) is not None:
            try:
                self._compile_together(makers, group.units, toolchain)
            finally:
                group.ended.set_result(None)
        if makers.groups.wait(unit) and (entry := self._results.find_one(unit, key, Glance())):
            return entry, True
        header = makers.headers.of(unit, toolchain)
        source_digest = dict(parts)["source content"]
        name = f"unit-{self._results.new_name()}"
        try:
            with self._cache.locks.cpu_slot(usable_cpus()):
                compiled = makers.compiler.compile(unit, toolchain, source_digest, name, header)
        except CompileError as error:
            with self._mutex:
                self._failures[key + unit.checkout.tag] = error
            raise
        return self._keep(unit, key, parts, compiled)

    def _keep(
        self, unit: Unit, key: str, parts: tuple[Part, ...], compiled: Compiled
    ) -> tuple[ResultEntry, bool]:
        with self._mutex:
            self._uncounted.add(unit)
        return self._results.keep(unit, key, parts, compiled)

    def _compile_together(
        self, makers: Makers, units: tuple[Unit, ...], toolchain: Toolchain
    ) -> None:
        """Compiles units at once, and keeps the results that are certain."""
        if toolchain.launcher:
            return
        keys = {unit: self._results.key(unit, toolchain) for unit in units if unit.source.is_file()}
        with self._cache.locks.lock(digest_of_parts(tuple(("key", k) for k, _ in keys.values()))):
            # Another process may have compiled them meanwhile.
            found = self._results.find(keys)
            missing = {unit: keys[unit] for unit in keys if unit not in found}
            if len(missing) <= 1:
                return
            digests = {unit: dict(parts)["source content"] for unit, (_, parts) in missing.items()}
            name = f"units-{self._results.new_name()}"
            with self._cache.locks.cpu_slot(usable_cpus()):
                made = makers.compile_together(digests, toolchain, name)
            for unit, compiled in made.items():
                self._keep(unit, *missing[unit], compiled)

    def _plan(self, makers: Makers) -> None:
        """Decides what is compiled how, once something is to be compiled."""
        with self._planning:
            if not self._is_planned:
                self._is_planned = True
                present = [unit for unit in self._expected if unit.source.is_file()]
                found = self._results.find(present)
                makers.plan([unit for unit in present if unit not in found])

    def forget_failure(self, unit: Unit) -> None:
        """Has a source that did not compile be tried again."""
        with contextlib.suppress(BuildError):
            key, _ = self._results.key(unit, self._results.toolchain(unit.compiler))
            self._failures.pop(key + unit.checkout.tag, None)

    def _raise_known_failure(self, unit: Unit, key: str) -> None:
        """A source that did not compile is not tried again while its files are the same."""
        failure = self._failures.get(key + unit.checkout.tag)
        if failure is None or failure.inputs is None:
            return
        if changed(failure.inputs, self._results.digests, Glance()) is None:
            raise failure
