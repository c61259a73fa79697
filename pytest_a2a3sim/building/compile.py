"""One source -> one shared object and the list of everything it was made from."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.includes import (
    absent_candidates,
    dependencies,
    directives,
    parse_search_path,
)
from pytest_a2a3sim.building.processes import Processes
from pytest_a2a3sim.building.store.fingerprint import CLOCK_GRANULARITY_NS, Digests, Stamp, read
from pytest_a2a3sim.building.store.manifest import Dependency
from pytest_a2a3sim.model.errors import BuildError, CompilerMessage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.includes import Absent, Directive, SearchPath
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

_ERROR = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? (?:fatal )?error: (?P<text>.*)$",
    re.MULTILINE,
)


class CompileError(Exception):
    """A compiler did not accept a source.

    Attributes:
        summary: the first error's place and text, or "" where there is none.
        messages: every error that the compiler names.
        details: the compiler's text, the command, the exit status.
        dependencies: the headers that it had read; None where it did not say.
    """

    def __init__(self, printed: str, command: str, found: tuple[Dependency, ...] | None) -> None:
        errors = list(_ERROR.finditer(printed))
        self.summary = errors[0][0] if errors else ""
        self.messages = tuple(
            CompilerMessage(error["file"], int(error["line"]), error["text"]) for error in errors
        )
        self.details = f"{printed.rstrip()}\n{command}"
        self.dependencies = found
        super().__init__(self.summary)


@dataclass(frozen=True)
class PrecompiledHeader:
    """A header in the workspace with its precompiled form beside it.

    Attributes:
        path: what ``-include`` names.
        dependencies: the headers that it was made from.
    """

    path: Path
    dependencies: tuple[Dependency, ...]


@dataclass(frozen=True)
class Compiled:
    """A shared object.

    Attributes:
        path: where it is.
        symbols: the functions that it exports, sorted.
        dependencies: the headers that it was made from.
        absent: the paths at which a new header would have changed it.
        settled: whether no file can have changed while the compiler ran.
    """

    path: Path
    symbols: tuple[str, ...]
    dependencies: tuple[Dependency, ...]
    absent: Absent
    settled: bool


class UnitCompiler:
    """Compiles units into one directory, with what it learnt about headers and search paths."""

    def __init__(self, workspace: Path, digests: Digests, environment: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._digests = digests
        self._environment = environment
        self._processes = Processes(environment)
        self._directives: dict[str, frozenset[Directive]] = {}
        self._search_paths: dict[tuple[str, ...], SearchPath] = {}

    def stop(self) -> None:
        """Ends running compilers."""
        self._processes.stop()

    def compile(
        self,
        unit: Unit,
        toolchain: Toolchain,
        source_digest: str,
        name: str,
        header: PrecompiledHeader | None = None,
    ) -> Compiled:
        """Compiles and links.

        Args:
            unit: what to compile.
            toolchain: with what.
            source_digest: what the source is expected to be.
            name: of the files in the workspace, without a suffix.
            header: holds what the source includes first.

        Raises:
            CompileError: the compiler or the linker does not accept it.
        """
        _wait_until_settled(str(unit.source))
        started = time.time_ns()
        base = self._workspace / name
        compiled, depfile, output = (base.with_suffix(s) for s in (".o", ".d", ".so"))
        included = None if header is None else header.path
        self._run(unit, toolchain.compile_command(unit, compiled, depfile, included), depfile)
        self._run(unit, toolchain.link_command(unit, compiled, output), depfile)
        compiled.unlink()
        found = self._dependencies(unit, depfile)
        if header is not None:
            before = {d.path for d in header.dependencies} | {str(header.path)}
            before.add(f"{header.path}.gch")
            found = (*header.dependencies, *(d for d in found if d.path not in before))
        source = self._digests.of(str(unit.source))
        same_source = source is not None and source[1] == source_digest
        return Compiled(
            path=output,
            symbols=tuple(exported_symbols(output, self._environment)),
            dependencies=found,
            absent=self._absent(unit, toolchain, str(unit.source), found),
            settled=same_source and self._settled(str(unit.source), found, started),
        )

    def precompile(self, unit: Unit, toolchain: Toolchain, header: Path) -> Compiled | None:
        """Precompiles a header with a unit's flags.

        Returns:
            The ``.gch`` beside it; None if it does not compile, or if including the same once more
            after it would change anything.
        """
        started = time.time_ns()
        depfile = header.with_suffix(".d")
        command = toolchain.precompile_command(unit, header, depfile)
        status, _ = self._processes.run(command, unit.directory)
        if status != 0 or not self._is_idempotent(unit, toolchain, header):
            return None
        found = tuple(d for d in self._dependencies(unit, depfile) if d.path != str(header))
        depfile.unlink()
        return Compiled(
            path=header.with_suffix(".h.gch"),
            symbols=(),
            dependencies=found,
            absent=self._absent(unit, toolchain, str(header), found),
            settled=self._settled(None, found, started),
        )

    def is_heavy(self, unit: Unit, toolchain: Toolchain, header: Path, size: int) -> bool:
        """Whether a header is at least so many bytes long when it is preprocessed."""
        command = toolchain.preprocess_command(unit, header, "-P")
        status, printed = self._processes.run(command, unit.directory)
        return status == 0 and len(printed) >= size

    def _is_idempotent(self, unit: Unit, toolchain: Toolchain, header: Path) -> bool:
        """Whether a header's directives after its precompiled form add nothing at all."""
        again = header.with_suffix(".cpp")
        shutil.copyfile(header, again)

        def preprocessed(source: Path | str, option: str) -> list[str]:
            command = toolchain.preprocess_command(unit, source, option, header=header)
            _, printed = self._processes.run(command, unit.directory)
            return [line for line in printed.splitlines() if "pch_preprocess" not in line]

        adds_text = any(line.strip() for line in preprocessed(again, "-P"))
        macros = preprocessed(os.devnull, "-dM")
        is_idempotent = not adds_text and preprocessed(again, "-dM") == macros
        again.unlink()
        return is_idempotent

    def _absent(
        self, unit: Unit, toolchain: Toolchain, source: str, found: tuple[Dependency, ...]
    ) -> Absent:
        files = {d.path: self._directives_of(d.path, d.digest) for d in found}
        content = read(source)
        if content is not None:
            files[source] = directives(content.data)
        return absent_candidates(files, self._search_path(unit, toolchain))

    def _settled(self, source: str | None, found: tuple[Dependency, ...], started: int) -> bool:
        """Whether no file can have changed since the compiler started."""
        stamps = [dependency.stamp for dependency in found]
        if source is not None:
            stamp = Stamp.of(source)
            if stamp is None:
                return False
            stamps.append(stamp)
        return all(stamp.is_settled(started) for stamp in stamps)

    def _run(self, unit: Unit, command: list[str], depfile: Path) -> None:
        status, printed = self._processes.run(command, unit.directory)
        if status == 0:
            return
        raise CompileError(
            printed,
            f"command: {shlex.join(command)}\nexit status: {status}",
            self._dependencies(unit, depfile) if depfile.exists() else None,
        )

    def _dependencies(self, unit: Unit, depfile: Path) -> tuple[Dependency, ...]:
        """The headers of a depfile, with what they contain now."""
        try:
            text = os.fsdecode(depfile.read_bytes())
        except OSError:
            return ()
        found = []
        for name in dependencies(text):
            path = os.path.join(unit.directory, name)  # noqa: PTH118 - keeps ".." as it is
            if path == str(unit.source):
                continue
            known = self._digests.of(path)
            if known is not None:
                found.append(Dependency(path, *known))
        return tuple(found)

    def _directives_of(self, path: str, digest: str) -> frozenset[Directive]:
        known = self._directives.get(digest)
        if known is None:
            content = read(path)
            known = directives(content.data) if content is not None else frozenset()
            self._directives[digest] = known
        return known

    def _search_path(self, unit: Unit, toolchain: Toolchain) -> SearchPath:
        command = toolchain.search_path_command(unit)
        key = (str(unit.directory), *command)
        if key not in self._search_paths:
            _, printed = self._processes.run(command, unit.directory, LC_ALL="C")
            self._search_paths[key] = parse_search_path(printed)
        return self._search_paths[key]


def _wait_until_settled(path: str) -> None:
    """Waits until a change of the file from now on has a later time than its last one."""
    stamp = Stamp.of(path)
    if stamp is not None:
        age = time.time_ns() - stamp.ctime_ns
        if 0 <= age <= CLOCK_GRANULARITY_NS:
            time.sleep((CLOCK_GRANULARITY_NS - age + 1_000_000) / 1e9)


def exported_symbols(path: Path, environment: Mapping[str, str]) -> list[str]:
    """Names of the functions that a shared object exports, sorted.

    Raises:
        BuildError: ``nm``, which comes with every C++ compiler, cannot read the object.
    """
    try:
        listing = subprocess.run(  # noqa: S603 - reads an object that the compiler made
            ["nm", "-D", "-P", "--defined-only", str(path)],  # noqa: S607 - the one on PATH
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(
            f"the symbols of {path} cannot be listed: {error}\nInstall binutils."
        ) from None
    rows = (line.split() for line in listing.splitlines())
    return sorted(row[0] for row in rows if len(row) > 1 and row[1] == "T")
