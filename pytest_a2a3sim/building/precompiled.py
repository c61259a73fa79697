"""Precompiled headers for includes that many sources begin with.

Only g++ gets them. Making one takes it about three times as long as compiling the headers, so that
they pay where the headers are heavy and many sources wait, and for every source that is edited
afterwards. A source is compiled with ``-include`` of a file with the same directives, whose own
directives then find everything included already; that they do is checked for each header.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.compile import PrecompiledHeader
from pytest_a2a3sim.building.key import environment_parts
from pytest_a2a3sim.building.prologue import HEAVY_BYTES, prologue, shared_prologues
from pytest_a2a3sim.building.store.fingerprint import Glance, digest_of_parts
from pytest_a2a3sim.building.store.inputs import changed
from pytest_a2a3sim.building.store.manifest import Manifest, ResultEntry
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_a2a3sim.building.compile import UnitCompiler
    from pytest_a2a3sim.building.prologue import Prologue
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.fingerprint import Digests
    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

UNITS_PER_CPU = 3  # that must wait for the same headers before one is made

_NOT_WITH = ("-include", "-imacros", "-fpch", "-fplugin", "-M", "@")


class PrecompiledHeaders:
    """A session's precompiled headers, made when enough sources wait for one."""

    def __init__(
        self, workspace: Path, cache: Cache, digests: Digests, compiler: UnitCompiler
    ) -> None:
        self._workspace = workspace
        self._cache = cache
        self._digests = digests
        self._compiler = compiler
        self._wanted: dict[Unit, Prologue] = {}
        self._made: dict[str, Future[PrecompiledHeader | None]] = {}
        self._direct: dict[str, int] = {}
        self._mutex = threading.Lock()

    def want(self, units: Iterable[Unit]) -> None:
        """Says which units are going to be compiled."""
        self._wanted = shared_prologues(units, UNITS_PER_CPU * usable_cpus())

    def of(self, unit: Unit, toolchain: Toolchain) -> PrecompiledHeader | None:
        """The header to compile a unit with, made now if enough units want it.

        While it is being made, the other CPUs compile some of the units without it.
        """
        if not _is_possible(unit, toolchain):
            return None
        lines = self._wanted.get(unit)
        if lines is None:
            return self._stored(unit, toolchain)
        parts = _parts(unit, toolchain, lines)
        key = digest_of_parts(parts)
        with self._mutex:
            future = self._made.get(key)
            is_maker = future is None
            if future is None:
                future = self._made[key] = Future()
                self._direct[key] = 2 * (usable_cpus() - 1)
            elif not future.done() and self._direct[key] > 0:
                self._direct[key] -= 1
                return None
        if is_maker:
            header = None
            try:
                header = self._find_or_make(unit, toolchain, lines, parts)
            finally:
                future.set_result(header)
        return future.result()

    def _stored(self, unit: Unit, toolchain: Toolchain) -> PrecompiledHeader | None:
        """A header from an earlier session, the one with the most directives."""
        lines = prologue(unit)
        for length in range(len(lines), 0, -1):
            key = digest_of_parts(_parts(unit, toolchain, lines[:length]))
            header = self._find(key)
            if header is not None:
                return header
        return None

    def _find(self, key: str) -> PrecompiledHeader | None:
        manifest = self._cache.manifest(key)
        for entry in manifest.results if manifest is not None else ():
            if changed(entry.inputs, self._digests, Glance()) is None:
                path = self._fetch(key, entry.digest)
                if path is not None:
                    self._cache.touch_header(key, entry.digest)
                    return PrecompiledHeader(path, entry.inputs)
        return None

    def _fetch(self, key: str, digest: str) -> Path | None:
        """Copies a header into the workspace; None if it has no sound one."""
        directory = self._workspace / f"header-{digest}"
        header = directory / "prologue.h"
        with self._mutex:
            if header.exists():
                return header
            source = self._cache.header_directory(key) / digest
            try:
                shutil.copytree(source, directory, copy_function=_link_or_copy)
                header.stat()
                found = _sha256(directory / "prologue.h.gch")
            except OSError:
                found = ""
            if found == digest:
                return header
            for damaged in (directory, source):
                shutil.rmtree(damaged, ignore_errors=True)
            return None

    def _find_or_make(
        self, unit: Unit, toolchain: Toolchain, lines: Prologue, parts: tuple[Part, ...]
    ) -> PrecompiledHeader | None:
        key = digest_of_parts(parts)
        with self._cache.locks.lock(key):
            found = self._find(key)
            if found is not None:
                return found
            with self._cache.locks.cpu_slot(usable_cpus()):
                return self._make(unit, toolchain, lines, parts)

    def _make(
        self, unit: Unit, toolchain: Toolchain, lines: Prologue, parts: tuple[Part, ...]
    ) -> PrecompiledHeader | None:
        key = digest_of_parts(parts)
        directory = self._workspace / f"making-{key}"
        directory.mkdir(exist_ok=True)
        header = directory / "prologue.h"
        text = "".join(f"{line}\n" for line in lines)
        header.write_text(text, encoding="utf-8", errors="surrogateescape")
        with contextlib.suppress(BuildError):
            if not self._compiler.is_heavy(unit, toolchain, header, HEAVY_BYTES):
                return None
            made = self._compiler.precompile(unit, toolchain, header)
            if made is None or not made.settled:
                return None
            digest = _sha256(made.path)
            stored = self._cache.save_header(key, digest, directory)
            entry = ResultEntry(made.inputs, digest, (), time.time())
            if stored:
                self._cache.save_manifest(key, Manifest(parts, (entry,)))
            target = self._workspace / f"header-{digest}"
            directory.replace(target)
            return PrecompiledHeader(target / header.name, made.inputs)
        return None


def _is_possible(unit: Unit, toolchain: Toolchain) -> bool:
    return (
        toolchain.is_gcc
        and not toolchain.launcher
        and not any(flag.startswith(_NOT_WITH) for flag in unit.user_flags)
    )


def _parts(unit: Unit, toolchain: Toolchain, lines: Prologue) -> tuple[Part, ...]:
    return (
        ("kind", "precompiled header"),
        *environment_parts(unit, toolchain),
        ("directory", str(unit.directory) if unit.user_flags else ""),
        *(("line", line) for line in lines),
    )


def _sha256(path: Path) -> str:
    hashed = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            hashed.update(block)
    return hashed.hexdigest()


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
