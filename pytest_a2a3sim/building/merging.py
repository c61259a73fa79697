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

_MARKER = re.compile(r'# \d+ "([^"\n]*)"')
_PREDEFINED = ("<built-in>", "<command-line>", "<command line>")
_CHANGES = ("__DATE__", "__TIME__", "__TIMESTAMP__", "push_macro", 'R"')
_ELSEWHERE = re.compile(
    rb"#[ \t]*(?:include|import|embed|pragma|line)\b|_Pragma|__has_|\?\?|"
    rb"__(?:DATE|TIME|TIMESTAMP|COUNTER|BASE_FILE|INCLUDE_LEVEL)__"
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
        except (BuildError, CompileError):
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
        listed, sight = self._listed(lines)
        if len(listed) < HEAVY_BYTES or any(word in listed for word in _CHANGES):
            return {}
        text, macros = _split(listed)
        (self._directory / "macros.h").write_text(macros, errors="surrogateescape")
        bodies = {}
        for number, unit in enumerate(self._digests):
            body = self._body(unit, lines, f"__{unit_namespace(number)}")
            if body is not None and not any(_mentions(listed, word) for word in body.names):
                bodies[unit] = number, body
        if len(bodies) <= 1:
            return {}
        source = self._directory / "together.ii"
        header, first = str(self._directory / "prologue.h"), str(self._first.source)
        parts = [text.replace(header, first)]
        for number, body in bodies.values():
            parts.append(f"\nnamespace {unit_namespace(number)} {{\n{body.text}\n}}\n")
        source.write_text("".join(parts), errors="surrogateescape")
        compiled = self._directory / "together.o"
        command = self._toolchain.compile_command(self._first, compiled, source=source)
        if self._toolchain.is_gcc:  # or one of two equal functions would stand for both in reports
            command.insert(1, "-fno-ipa-icf")
        sight = self._compiler.run(self._first, self._toolchain, command, sight)
        return {
            unit: self._linked(unit, compiled, number, body.entries, sight | _beside(unit, lines))
            for unit, (number, body) in bodies.items()
        }

    def _listed(self, lines: Prologue) -> tuple[str, Sight]:
        """What the includes become, with the macros that they define, and what is read for it."""
        header, output = self._directory / "prologue.h", self._directory / "prologue.ii"
        header.write_text("".join(f"{line}\n" for line in lines), errors="surrogateescape")
        command = self._toolchain.preprocess_command(self._first, header, "-dD", "-o", str(output))
        sight = self._compiler.run(self._first, self._toolchain, command, Sight())
        return output.read_text(errors="surrogateescape"), sight

    def _body(self, unit: Unit, lines: Prologue, suffix: str) -> Body | None:
        content = read(str(unit.source))
        if content is None or content.digest != self._digests[unit]:
            return None
        own_lines, position = prologue_of(unit, content)
        source = str(unit.source)
        if own_lines != lines or _ELSEWHERE.search(content.data, position) or _ODD.search(source):
            return None
        number = content.data.count(b"\n", 0, position) + 1
        rest, output = self._directory / "body.cpp", self._directory / "body.ii"
        head = f'#line {number} "{source}"\n'.encode(errors="surrogateescape")
        rest.write_bytes(head + content.data[position:])
        command = self._toolchain.preprocess_command(
            unit, rest, "-imacros", str(self._directory / "macros.h"), "-o", str(output)
        )
        if self._compiler.run_unobserved(unit, self._toolchain, command).status != 0:
            return None
        text = output.read_text(errors="surrogateescape")
        begin = text.find(f'# {number} "{source}"')
        body = read_body(text[begin:], suffix) if begin >= 0 else None
        entries = {unit.entry} if unit.entry else {DEFAULT_ENTRY, unit.source.stem}
        return None if body is None or not entries & body.entries else body

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


def _split(listed: str) -> tuple[str, str]:
    """A listing's text, and its macros without those that every source has."""
    text: list[str] = []
    macros: list[str] = []
    is_predefined = False
    for line in listed.splitlines(keepends=True):
        if line.startswith(("#define ", "#undef ")):
            if not is_predefined:
                macros.append(line)
            text.append("\n")
            continue
        if marker := _MARKER.match(line):
            is_predefined = marker[1] in _PREDEFINED
        text.append(line)
    return "".join(text), "".join(macros)


def _mentions(text: str, word: str) -> bool:
    position = text.find(word)
    while position >= 0:
        end = position + len(word)
        around = text[max(position - 1, 0) : position], text[end : end + 1]
        if not any(each.isalnum() or each == "_" for each in around):
            return True
        position = text.find(word, end)
    return False
