"""Which compiler, and its commands."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import threading
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.description import Description, acceptance, are_unchanged, recorded
from pytest_a2a3sim.building.instrumentation import LATE, instrumentation_flags, may_be_late
from pytest_a2a3sim.building.pto_isa import ROOT_VARIABLE, has_pto_isa
from pytest_a2a3sim.building.store.cache import Cache
from pytest_a2a3sim.building.store.fingerprint import Stamp, digest_of_parts
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.version import PTO_INCLUDE_DIR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.unit import Unit

_LAUNCHERS = frozenset({"ccache", "sccache", "distcc", "icecc", "buildcache"})
_LINK_FLAGS = ("-shared", "-fPIC", "-Wl,-Bsymbolic")
# The linker would add start files that change how the whole process computes, or keeps them.
_CHANGES_THE_PROCESS = frozenset(
    {
        *("-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-mdaz-ftz"),
        *("-mpc32", "-mpc64", "-mpc80"),
    }
)
_FOR_THE_LINKER = ("-l", "-L", "-Wl,")
_MAY_COMPILE_AND_LINK = ("-I", "-D", "-U", "-std=", "-W", "-O1", "-O2", "-O3", "-march=")
_MAY_TOO = frozenset({"-g", "-g0", "-g1", "-g2", "-g3", "-ggdb"})

# Would make the compiler write files of its own choice.
_SCRUBBED = ("DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES")


@frozen
class Toolchain:
    """A C++ compiler.

    Attributes:
        launcher: words before the compiler, such as ``ccache``; only compilations go through it.
        compiler: the compiler's absolute path, and words of CXX after it.
        version: the first line of what ``--version`` prints.
        identity: what tells it from other compilers, as parts of a key.
        environment: the environment in which it runs.
        files: those of which it consists; while they are the same, so is all of this.
        accepts: whether it knows flags.
    """

    launcher: tuple[str, ...]
    compiler: tuple[str, ...]
    version: str
    identity: tuple[Part, ...]
    environment: Mapping[str, str] = field(compare=False, repr=False)
    files: Mapping[str, Stamp] = field(compare=False, repr=False)
    accepts: Callable[[tuple[str, ...]], bool] = field(compare=False, repr=False)

    @property
    def is_gcc(self) -> bool:
        """Whether it is GNU's compiler."""
        return "Free Software Foundation" in dict(self.identity).get("compiler --version", "")

    def flags(self, unit: Unit) -> tuple[str, ...]:
        """Every flag of a source, in order."""
        root = self.environment.get(ROOT_VARIABLE)
        include_dirs = (str(Path(root) / "include"),) if root else ()
        flags = unit.flags(include_dirs)
        has_pto = any(map(has_pto_isa, (*unit.compile.include_dirs, *include_dirs)))
        if has_pto:
            flags = (f"-I{PTO_INCLUDE_DIR}", *flags)
        if unit.instrumentation != "none":
            is_late = (
                not has_pto and unit.instrumentation == "fast" and self._instruments_late(unit)
            )
            added = instrumentation_flags(is_gcc=self.is_gcc, is_late=is_late, tells_calls=has_pto)
            flags = (*added, *flags)
        # addr2line of binutils 2.40 does not know clang's inlined calls from DWARF 5, and names the
        # source where the code that g++ puts first is of a header.
        flags = ("-gdwarf-4", *flags)
        # Or the first kernel's inline variables and function statics would be those of all others.
        return ("-fno-gnu-unique", *flags) if self.is_gcc else flags

    def _instruments_late(self, unit: Unit) -> bool:
        machine = dict(self.identity)["compiler -dumpmachine"]
        flags = (*self.compiler[1:], *unit.user_flags)
        return (
            self.is_gcc
            and may_be_late(machine, flags)
            and self.accepts(("-fsanitize=thread", *LATE))
        )

    def words(self, unit: Unit) -> tuple[str, ...]:
        """What is said to the compiler, apart from names of files."""
        return (*self.compiler[1:], *self.flags(unit))

    def compile_command(
        self, unit: Unit, output: Path, header: Path | None = None, source: Path | None = None
    ) -> list[str]:
        """The command that compiles a unit's source, or another one in its stead.

        ``header`` is included before everything else.
        """
        files = ("-c", str(source or unit.source), "-o", str(output))
        return [*self.launcher, *self._translating(unit, header), *files]

    def links_at_once(self, unit: Unit) -> bool:
        """Whether one command makes what :meth:`compile_command` and :meth:`link_command` make."""
        are_plain = all(
            flag in _MAY_TOO
            or (flag.startswith(_MAY_COMPILE_AND_LINK) and not flag.startswith(_FOR_THE_LINKER))
            for flag in (*self.compiler[1:], *unit.user_flags)
        )
        return are_plain and not self.launcher and unit.instrumentation == "none"

    def make_command(self, unit: Unit, output: Path, header: Path | None = None) -> list[str]:
        """The command that makes a shared object of a unit's source."""
        files = (str(unit.source), "-o", str(output))
        return [*self._translating(unit, header), *_LINK_FLAGS, *files]

    def precompile_command(self, unit: Unit, header: Path) -> list[str]:
        """The command that precompiles a header."""
        flags = self._compile_flags(unit)
        return [*self.compiler, *flags, "-x", "c++-header", str(header), "-o", f"{header}.gch"]

    def preprocess_command(
        self, unit: Unit, source: Path | str, *options: str, header: Path | None = None
    ) -> list[str]:
        """The command that prints what is left of a source after a precompiled header."""
        first = () if header is None else ("-include", str(header), "-fpch-preprocess")
        flags = self._compile_flags(unit)
        return [*self.compiler, *first, *flags, "-E", *options, "-x", "c++", str(source)]

    def link_command(
        self,
        unit: Unit,
        compiled: Path,
        output: Path,
        companion: Path | None = None,
        options: tuple[str, ...] = (),
    ) -> list[str]:
        """The command that makes a shared object of a compiled source."""
        return [
            *self.compiler,
            *_LINK_FLAGS,
            str(compiled),
            *([] if companion is None else [str(companion)]),
            *options,
            *(flag for flag in unit.user_flags if flag not in _CHANGES_THE_PROCESS),
            "-o",
            str(output),
        ]

    def _translating(self, unit: Unit, header: Path | None) -> list[str]:
        """A command up to its source."""
        first = () if header is None else ("-include", str(header))
        return [*self.compiler, *first, *unit.checkout.flags, *self._compile_flags(unit)]

    def _compile_flags(self, unit: Unit) -> list[str]:
        """The flags of a command that does not link."""
        return [flag for flag in self.flags(unit) if not flag.startswith(_FOR_THE_LINKER)]


def compiler_environment(
    pto_isa_root: str | None = None, compiler: str | None = None
) -> dict[str, str]:
    """A copy of this process's environment, as compilers get it.

    Args:
        pto_isa_root: where PTO ISA is, unless PTO_ISA_ROOT says so.
        compiler: which one to take, unless CXX says so.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _SCRUBBED}
    if pto_isa_root and not environment.get(ROOT_VARIABLE):
        environment[ROOT_VARIABLE] = pto_isa_root
    if compiler and not environment.get("CXX", "").strip():
        environment["CXX"] = compiler
    return environment


def find_toolchain(
    cache: Cache | None = None,
    environment: Mapping[str, str] | None = None,
    compiler: str | None = None,
) -> Toolchain:
    """The compiler that ``CXX`` names, g++ by default.

    What it says about itself is kept in the cache, as long as its files do not change.

    Args:
        cache: where that is kept; the user's by default.
        environment: where ``CXX`` and ``PATH`` are looked up, and in which the compiler runs; this
            process's by default.
        compiler: its command, whatever ``CXX`` says.

    Raises:
        BuildError: it is not on PATH or does not run.
    """
    environment = compiler_environment() if environment is None else environment
    command_line = compiler or environment.get("CXX", "").strip() or "g++"
    return _find(command_line, environment, cache or Cache())


def _find(command_line: str, environment: Mapping[str, str], cache: Cache) -> Toolchain:
    words = shlex.split(command_line)
    path = environment.get("PATH", "")
    position = 1 if len(words) > 1 and Path(words[0]).name in _LAUNCHERS else 0
    found = [shutil.which(word, path=path) for word in words[: position + 1]]
    for word, executable in zip(words, found, strict=False):
        if executable is None:
            raise BuildError(
                f"no C++ compiler: {word!r} is not on PATH\n"
                "Install one (Debian/Ubuntu: apt install g++; Fedora: dnf install gcc-c++), or "
                "name yours in the environment variable CXX, the ini key sim_compiler, or COMPILER "
                "of a kernel_config.py."
            )
    executables = tuple(str(Path(executable).absolute()) for executable in found if executable)
    launcher, compiler = executables[:position], (executables[position], *words[position + 1 :])
    with _asking.setdefault(os.getpid(), threading.Lock()):
        known = _known.get((launcher, compiler, path))
        if known is None or known.environment != environment or not are_unchanged(known.files):
            known = _described(command_line, launcher, compiler, environment, cache)
            _known[launcher, compiler, path] = known
        return known


_known: dict[tuple[tuple[str, ...], tuple[str, ...], str], Toolchain] = {}
"""The one that was found last, by launcher, compiler and PATH."""

_asking: dict[int, threading.Lock] = {}
"""By process: all threads that compile need an answer at the start, and one of them asks. A forked
process must not wait for a thread that it does not have."""


def _described(
    command_line: str,
    launcher: tuple[str, ...],
    compiler: tuple[str, ...],
    environment: Mapping[str, str],
    cache: Cache,
) -> Toolchain:
    path = environment.get("PATH", "")
    name = _name((*launcher, *compiler), path)
    description = recorded(cache.compiler_file(name))
    if description is None:
        description = Description.ask(command_line, compiler, environment)
        cache.save_compiler(name, description.encode())
    version = description.answers["--version"].splitlines()
    identity = (
        *_parts("compiler", compiler),
        *((("compiler PATH", path),) if _is_script(compiler[0]) else ()),
        *(("compiler " + question, text) for question, text in description.answers.items()),
        *(
            (f"compiler file {file}", f"{stamp.size} bytes, modified {stamp.mtime_ns}")
            for file, stamp in description.files.items()
        ),
    )
    return Toolchain(
        launcher,
        compiler,
        version[0].strip() if version else command_line,
        identity,
        environment,
        description.files,
        acceptance(compiler, identity, environment, cache),
    )


def has_met(cache: Cache, executable: str, environment: Mapping[str, str]) -> bool:
    """Whether a cache can have anything that a compiler has made."""
    return cache.compiler_file(_name((executable,), environment.get("PATH", ""))).exists()


def _name(words: tuple[str, ...], path: str) -> str:
    """Of what is recorded about a compiler."""
    return digest_of_parts((*_parts("word", words), ("PATH", path)))


def _is_script(path: str) -> bool:
    """Whether a program is a text, which may run whatever is on PATH."""
    with contextlib.suppress(OSError), Path(path).open("rb") as file:
        return file.read(2) == b"#!"
    return False


def _parts(label: str, values: tuple[str, ...]) -> tuple[Part, ...]:
    return tuple((label, value) for value in values)
