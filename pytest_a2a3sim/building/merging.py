"""Kernels that begin with the same heavy includes, compiled as one translation unit.

What they have in common is compiled once. Each is in a namespace of its own and becomes a shared
object of its own, so that kernels share nothing when they run; entries, which are in no namespace,
get a suffix, and their own name back from the linker. Which sources mean the same there:
:mod:`pytest_a2a3sim.building.bodies`.
"""

from __future__ import annotations

import re
import shutil
import time
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.bodies import read_body
from pytest_a2a3sim.building.compile import Compiled
from pytest_a2a3sim.building.compile_error import CompileError
from pytest_a2a3sim.building.entries import DEFAULT_ENTRY
from pytest_a2a3sim.building.initialisers import computes_for_templates
from pytest_a2a3sim.building.listing import Listing, mentions
from pytest_a2a3sim.building.observer import Sight
from pytest_a2a3sim.building.prologue import HEAVY_BYTES, prologue_of
from pytest_a2a3sim.building.store.fingerprint import read, wait_until_settled
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.unit_names import unit_namespace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.bodies import Body
    from pytest_a2a3sim.building.compile import UnitCompiler
    from pytest_a2a3sim.building.prologue import Prologue
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

# Of sources, wherever it stands: spliced lines, digraphs, trigraphs.
_ODD_SPELLING = re.compile(rb"\\\r?\n|<%|%>|<:|:>|%:|\?\?")
_DIRECTIVE = re.compile(
    rb"^[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|else|endif|define|undef)\b.*$", re.MULTILINE
)
_ODD = re.compile(r'["\\\n]')


class Merger:
    """Compiles several units at once."""

    def __init__(self, workspace: Path, compiler: UnitCompiler) -> None:
        self._workspace = workspace
        self._compiler = compiler

    def compile(
        self, digests: Mapping[Unit, str], toolchain: Toolchain, name: str
    ) -> dict[Unit, Compiled]:
        """Compiles units of the same flags and includes, and links each.

        Args:
            digests: the units, and what the source of each is expected to be.
            toolchain: with what.
            name: of the files in the workspace, without a suffix.

        Returns:
            The results of those that can be compiled so; the others are to be compiled alone, and
            so are all of them where one does not compile.
        """
        directory = self._workspace / name
        directory.mkdir()
        try:
            return _Together(directory, self._compiler, toolchain, digests).compile()
        except (BuildError, CompileError, OSError):
            return {}
        finally:
            shutil.rmtree(directory, ignore_errors=True)


class _Together:
    def __init__(
        self,
        directory: Path,
        compiler: UnitCompiler,
        toolchain: Toolchain,
        digests: Mapping[Unit, str],
    ) -> None:
        self._directory = directory
        self._compiler = compiler
        self._toolchain = toolchain
        self._digests = digests
        self._first = next(iter(digests))
        self._started = 0

    def compile(self) -> dict[Unit, Compiled]:
        for unit in self._digests:
            wait_until_settled(str(unit.source))
        self._started = time.time_ns()
        lines, _ = prologue_of(self._first, read(str(self._first.source)))
        listing, sight = self._listing(lines)
        if len(listing.text) < HEAVY_BYTES or not listing.is_the_same_everywhere():
            return {}
        _write(self._directory / "macros.h", listing.macros)
        bodies = {}
        for number, unit in enumerate(self._digests):
            body = self._body(unit, lines, listing, f"__{unit_namespace(number)}")
            if body is not None:
                bodies[unit] = number, body
        if len(bodies) <= 1:
            return {}
        source = self._directory / "together.ii"
        header, first = str(self._directory / "prologue.h"), str(self._first.source)
        parts = [listing.text.replace(header, first)]
        for number, body in bodies.values():
            parts.append(f"\nnamespace {unit_namespace(number)} {{\n{body.text}\n}}\n")
        _write(source, "".join(parts))
        compiled = self._directory / "together.o"
        command = self._toolchain.compile_command(self._first, compiled, source=source)
        if self._toolchain.is_gcc:  # or one of two equal functions would stand for both in reports
            command.insert(1, "-fno-ipa-icf")
        sight = self._compiler.run(self._first, self._toolchain, command, sight)
        if computes_for_templates(compiled, self._toolchain.environment):
            return {}  # also for units that do not use them
        return {
            unit: self._linked(unit, compiled, number, body.entries, sight | _beside(unit, lines))
            for unit, (number, body) in bodies.items()
        }

    def _listing(self, lines: Prologue) -> tuple[Listing, Sight]:
        """What the includes become, and what is read for it."""
        header, output = self._directory / "prologue.h", self._directory / "prologue.ii"
        _write(header, "".join(f"{line}\n" for line in lines))
        command = self._toolchain.preprocess_command(self._first, header, "-dD", "-o", str(output))
        sight = self._compiler.run(self._first, self._toolchain, command, Sight())
        return Listing(_read(output), str(header)), sight

    def _body(self, unit: Unit, lines: Prologue, listing: Listing, suffix: str) -> Body | None:
        content = read(str(unit.source))
        if content is None or content.digest != self._digests[unit]:
            return None
        own_lines, position = prologue_of(unit, content)
        source = str(unit.source)
        rest_of_it = content.data[position:]
        if (
            own_lines != lines
            or _ODD.search(source)
            or _ODD_SPELLING.search(content.data)
            or b"#" in _DIRECTIVE.sub(b"", rest_of_it)
            or any(mentions(rest_of_it.decode(errors="replace"), word) for word in listing.varying)
        ):
            return None
        number = content.data.count(b"\n", 0, position) + 1
        rest, output = self._directory / "body.cpp", self._directory / "body.ii"
        head = f'#line {number} "{source}"\n'.encode(errors="surrogateescape")
        rest.write_bytes(head + rest_of_it)
        command = self._toolchain.preprocess_command(
            unit, rest, "-imacros", str(self._directory / "macros.h"), "-o", str(output)
        )
        if self._compiler.run_unobserved(unit, self._toolchain, command).status != 0:
            return None
        text = _read(output)
        begin = text.find(f'# {number} "{source}"')
        body = read_body(text[begin:], suffix) if begin >= 0 else None
        if body is None or any(map(listing.mentions, body.names)):
            return None
        candidates = [unit.entry] if unit.entry else [DEFAULT_ENTRY, unit.source.stem]
        entry = next((each for each in candidates if each in body.entries), None)
        before = candidates[: candidates.index(entry)] if entry else []
        return None if entry is None or any(map(listing.mentions, before)) else body

    def _linked(
        self, unit: Unit, compiled: Path, number: int, entries: frozenset[str], sight: Sight
    ) -> Compiled:
        toolchain = self._toolchain
        output = self._directory.with_name(f"{self._directory.name}-{number}.so")
        suffix = f"__{unit_namespace(number)}"
        # A symbol that nobody defines would keep the other units' objects from being loaded.
        options = [f"-Wl,--defsym={entry}={entry}{suffix}" for entry in sorted(entries)]
        command = toolchain.link_command(unit, compiled, output, options=("-Wl,-z,defs", *options))
        sight = self._compiler.run(unit, toolchain, command, sight)
        found = self._compiler.account.of(
            sight,
            str(unit.source),
            self._started,
            self._digests[unit],
            toolchain.words(unit),
        )
        return Compiled(
            path=output,
            symbols=tuple(sorted(entries)),
            inputs=found.inputs,
            settled=found.settled,
            not_kept=found.untrackable,
        )


def _beside(unit: Unit, lines: Prologue) -> Sight:
    """Where a source of its own looks for what it includes in quotes before it looks elsewhere."""
    quoted = (line[10:-1] for line in lines if line.startswith('#include "'))
    return Sight(
        absent=frozenset(str(unit.directory / each) for each in quoted if not each.startswith("/"))
    )


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="surrogateescape")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")
