"""One source -> one shared object and the list of everything it was made from."""

from __future__ import annotations

import os
import re
import shutil
import time
from pathlib import PurePath
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.account import Account
from pytest_a2a3sim.building.arguments import shortened
from pytest_a2a3sim.building.companions import Companions
from pytest_a2a3sim.building.compile_error import CompileError
from pytest_a2a3sim.building.instrumentation import CALLBACKS, callback_flags
from pytest_a2a3sim.building.made import SUFFIXES, expect, exports, shown
from pytest_a2a3sim.building.observer import Observer, Sight
from pytest_a2a3sim.building.processes import Processes
from pytest_a2a3sim.building.store.fingerprint import (
    wait_until_settled,
)
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_a2a3sim.building.processes import Run
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.fingerprint import Digests
    from pytest_a2a3sim.building.store.inputs import Inputs
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

_READ_BY_ASSEMBLER = re.compile(r"\.(?:incbin|include)\b")


@frozen
class PrecompiledHeader:
    """A header in the workspace with its precompiled form beside it.

    Attributes:
        path: what ``-include`` names.
        inputs: what it was made from.
    """

    path: Path
    inputs: Inputs


@frozen
class Compiled:
    """A shared object.

    Attributes:
        path: where it is.
        symbols: the functions that it exports, sorted.
        inputs: what it was made from.
        settled: whether no file can have changed while the compiler ran.
        not_kept: why it must not serve another session, in words; "" if it may.
    """

    path: Path
    symbols: tuple[str, ...]
    inputs: Inputs
    settled: bool
    not_kept: str = ""


class UnitCompiler:
    """Compiles units into one directory, and finds out what they are made from."""

    def __init__(
        self, workspace: Path, cache: Cache, digests: Digests, environment: Mapping[str, str]
    ) -> None:
        self._workspace = workspace
        self._processes = Processes(workspace, environment)
        self._companions = Companions(workspace, cache, self._processes)
        self._observer = Observer(workspace, self._companions, self._processes)
        self.account = Account(workspace, digests)

    def prepare(self, toolchain: Toolchain) -> None:
        """Makes what observes a compiler.

        Raises:
            BuildError: everything was stopped.
        """
        self._observer.prepare(toolchain)

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
        wait_until_settled(str(unit.source))
        started = time.time_ns()
        output = self._workspace / f"{name}.so"
        included = None if header is None else header.path
        sight, hidden, symbols = self._make(unit, toolchain, output, included)
        found = self.account.of(
            sight, str(unit.source), started, source_digest, toolchain.words(unit)
        )
        inputs = found.inputs if header is None else found.inputs.with_those_of(header.inputs)
        return Compiled(
            path=output,
            symbols=symbols,
            inputs=inputs,
            settled=found.settled,
            not_kept=hidden or found.untrackable,
        )

    def _make(
        self, unit: Unit, toolchain: Toolchain, output: Path, header: Path | None
    ) -> tuple[Sight, str, tuple[str, ...]]:
        """Makes a shared object.

        Returns:
            What was looked for, why that is not all, if so, and what it exports.
        """
        is_source = unit.source.suffix in SUFFIXES  # the linker would read another one
        if is_source and toolchain.links_at_once(unit):
            command = toolchain.make_command(unit, output, header)
            sight = self.run(unit, toolchain, command, Sight())
            return sight, "", exports(output, command, unit.source)
        compiled = output.with_suffix(".o")
        command = toolchain.compile_command(unit, compiled, header)
        hidden = ""
        if toolchain.launcher:
            sight, hidden = self._compile_behind_launcher(unit, toolchain, command)
        else:
            sight = self.run(unit, toolchain, command, Sight())
        expect(compiled, command, unit.source)
        command = toolchain.link_command(unit, compiled, output, self._callbacks(unit, toolchain))
        sight = self.run(unit, toolchain, command, sight)
        compiled.unlink()
        return sight, hidden, exports(output, command, unit.source)

    def _callbacks(self, unit: Unit, toolchain: Toolchain) -> Path | None:
        """What an instrumented unit calls.

        Raises:
            BuildError: the compiler cannot make it.
        """
        if unit.instrumentation == "none":
            return None
        flags = callback_flags(is_gcc=toolchain.is_gcc)
        path = self._companions.obtain(toolchain, CALLBACKS, flags, ".o")
        if path is None:
            raise BuildError(
                f"the C++ compiler {toolchain.compiler[0]!r} cannot compile what --sim-sanitize "
                f"needs ({CALLBACKS[0].name})\nName another one in the environment variable CXX; "
                "g++ 12 to 15 and clang++ 16 to 22 are known to do."
            )
        return path

    def _compile_behind_launcher(
        self, unit: Unit, toolchain: Toolchain, command: list[str]
    ) -> tuple[Sight, str]:
        """Runs a launcher, and looks at what the preprocessor reads.

        A launcher may take its result from elsewhere, or leave the work to a server.

        Returns:
            What the preprocessor looked for, and why that is not all, if so.
        """
        run = self.run_unobserved(unit, toolchain, command, CCACHE_NODIRECT="1")
        preprocess = toolchain.preprocess_command(unit, unit.source)
        preprocessed, sight = self._observer.run(toolchain, preprocess, unit.directory)
        if run.status != 0:
            raise self._error(unit, run, command, sight)
        if _READ_BY_ASSEMBLER.search(preprocessed.printed):
            name = PurePath(toolchain.launcher[0]).name
            return sight, f"the assembler reads further files (.incbin, .include) behind {name}"
        return sight, ""

    def precompile(self, unit: Unit, toolchain: Toolchain, header: Path) -> Compiled | None:
        """Precompiles a header with a unit's flags.

        Returns:
            The ``.gch`` beside it; None if it does not compile, if including the same once more
            after it would change anything, or if nobody can tell what it is made from.
        """
        started = time.time_ns()
        command = toolchain.precompile_command(unit, header)
        run, sight = self._observer.run(toolchain, command, unit.directory)
        if run.status != 0 or not self._is_idempotent(unit, toolchain, header):
            return None
        found = self.account.of(sight, str(header), started, words=toolchain.words(unit))
        if found.untrackable:
            return None
        return Compiled(
            path=header.with_suffix(".h.gch"),
            symbols=(),
            inputs=found.inputs,
            settled=found.settled,
        )

    def run_unobserved(
        self, unit: Unit, toolchain: Toolchain, command: list[str], **extra: str
    ) -> Run:
        """Runs a command, with more variables of the environment."""
        short = shortened(command, toolchain, self._workspace)
        return self._processes.run(short, unit.directory, **extra)

    def is_heavy(self, unit: Unit, toolchain: Toolchain, header: Path, size: int) -> bool:
        """Whether a header is at least so many bytes long when it is preprocessed."""
        command = toolchain.preprocess_command(unit, header, "-P")
        run = self.run_unobserved(unit, toolchain, command)
        return run.status == 0 and len(run.printed) >= size

    def _is_idempotent(self, unit: Unit, toolchain: Toolchain, header: Path) -> bool:
        """Whether a header's directives after its precompiled form add nothing at all."""
        again = header.with_suffix(".cpp")
        shutil.copyfile(header, again)

        def preprocessed(source: Path | str, option: str) -> list[str]:
            command = toolchain.preprocess_command(unit, source, option, header=header)
            printed = self.run_unobserved(unit, toolchain, command).printed
            return [line for line in printed.splitlines() if "pch_preprocess" not in line]

        adds_text = any(line.strip() for line in preprocessed(again, "-P"))
        macros = preprocessed(os.devnull, "-dM")
        is_idempotent = not adds_text and preprocessed(again, "-dM") == macros
        again.unlink()
        return is_idempotent

    def run(self, unit: Unit, toolchain: Toolchain, command: list[str], before: Sight) -> Sight:
        """Runs a command; returns what it and those before it looked for.

        Raises:
            CompileError: it ends with another status than 0.
        """
        run, sight = self._observer.run(toolchain, command, unit.directory)
        if run.status != 0:
            raise self._error(unit, run, command, before | sight)
        return before | sight

    def _error(self, unit: Unit, run: Run, command: list[str], sight: Sight) -> CompileError:
        found = self.account.of(sight, str(unit.source), started=time.time_ns())
        return CompileError(
            run.printed,
            f"command: {shown(command)}\nexit status: {run.status}",
            None if found.untrackable else found.inputs,
        )
