"""Which compiler, and which flags."""

from __future__ import annotations

import functools
import json
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pytest_a2a3sim.building.cache import Cache
from pytest_a2a3sim.building.fingerprint import Stamp, digest_of_parts, read
from pytest_a2a3sim.errors import BuildError

if TYPE_CHECKING:
    from pytest_a2a3sim.building.manifest import Part
    from pytest_a2a3sim.spec import CompileSpec, KernelConfig

PACKAGE = Path(__file__).resolve().parents[1]
INCLUDE_DIR = PACKAGE / "include"

_LAUNCHERS = frozenset({"ccache", "sccache", "distcc", "icecc", "buildcache"})
_COMPILE_FLAGS = ("-fPIC", "-pipe", "-g1", "-fno-optimize-sibling-calls")
_LINK_FLAGS = ("-shared", "-fPIC", "-Wl,-Bsymbolic")
_KERNEL_FLAGS = (
    "-std=c++2b",  # C++23, by the name that older compilers know too
    "-O3",
    "-fpermissive",
    "-ffp-contract=off",
    "-D__CPU_SIM",
    "-DPTO_CPU_MAX_THREADS=1",
    "-DNDEBUG",
    "-D__gm__=",
    "-D__aicore__=",
)
_ORCHESTRATION_FLAGS = ("-std=c++17", "-O2")
_FOR_THE_LINKER = ("-l", "-L", "-Wl,")

# What changes a compiler's result without being on its command line.
ENVIRONMENT = (
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "CCC_OVERRIDE_OPTIONS",
    "CLANG_CONFIG_PATH",
    "SOURCE_DATE_EPOCH",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "PTO_ISA_ROOT",
)
# Would make the compiler write files of its own choice.
_SCRUBBED = ("DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES")


@dataclass(frozen=True)
class Unit:
    """A source, and how it is compiled.

    Attributes:
        kind: decides the default flags.
        entry: the symbol that its author names, if any.
        compile: the source and its author's flags.
        session_flags: flags added to every source's own.
    """

    kind: Literal["kernel", "orchestration"]
    entry: str | None
    compile: CompileSpec
    session_flags: tuple[str, ...] = ()

    @property
    def source(self) -> Path:
        """The source, absolute."""
        return self.compile.source

    @property
    def directory(self) -> Path:
        """Where the compiler runs: relative paths in flags start here."""
        return self.source.parent

    @property
    def user_flags(self) -> tuple[str, ...]:
        """The flags of the session and of the source's author."""
        return (*self.session_flags, *self.compile.cxxflags)

    def flags(self) -> tuple[str, ...]:
        """Every flag of the compiler, in order."""
        spec = self.compile
        includes = [*spec.include_dirs, str(INCLUDE_DIR)]
        if root := os.environ.get("PTO_ISA_ROOT"):
            includes.append(str(Path(root) / "include"))
        return (
            *_COMPILE_FLAGS,
            *(_KERNEL_FLAGS if self.kind == "kernel" else _ORCHESTRATION_FLAGS),
            *(f"-D{name}={value}" if value else f"-D{name}" for name, value in spec.defines),
            *(f"-I{directory}" for directory in includes),
            *self.user_flags,
        )


def units(config: KernelConfig, session_flags: tuple[str, ...] = ()) -> tuple[Unit, ...]:
    """Everything of a kernel_config.py that is compiled: the kernels, then the orchestration."""
    orchestration = config.orchestration
    return (
        *(Unit("kernel", k.entry, k.compile, session_flags) for k in config.kernels),
        Unit("orchestration", orchestration.function_name, orchestration.compile, session_flags),
    )


@dataclass(frozen=True)
class Toolchain:
    """A C++ compiler.

    Attributes:
        launcher: words before the compiler, such as ``ccache``; only compilations go through it.
        compiler: the compiler's absolute path, and words of CXX after it.
        version: the first line of what ``--version`` prints.
        identity: what tells it from other compilers, as parts of a key.
    """

    launcher: tuple[str, ...]
    compiler: tuple[str, ...]
    version: str
    identity: tuple[Part, ...]

    @property
    def is_gcc(self) -> bool:
        """Whether it is GNU's compiler."""
        return "Free Software Foundation" in dict(self.identity).get("compiler --version", "")

    def compile_command(
        self, unit: Unit, output: Path, dependencies: Path, header: Path | None = None
    ) -> list[str]:
        """The command that compiles a source, and lists the files that it reads.

        ``header`` is included before everything else.
        """
        first = () if header is None else ("-include", str(header))
        outputs = ("-o", str(output), "-MD", "-MF", str(dependencies), "-MT", "object")
        flags = compile_flags(unit)
        return [*self.launcher, *self.compiler, *first, *flags, "-c", str(unit.source), *outputs]

    def precompile_command(self, unit: Unit, header: Path, dependencies: Path) -> list[str]:
        """The command that precompiles a header, and lists the files that it reads."""
        outputs = ("-o", f"{header}.gch", "-MD", "-MF", str(dependencies), "-MT", "object")
        return [*self.compiler, *compile_flags(unit), "-x", "c++-header", str(header), *outputs]

    def preprocess_command(
        self, unit: Unit, source: Path | str, *options: str, header: Path | None = None
    ) -> list[str]:
        """The command that prints what is left of a source after a precompiled header."""
        first = () if header is None else ("-include", str(header), "-fpch-preprocess")
        flags = compile_flags(unit)
        return [*self.compiler, *first, *flags, "-E", *options, "-x", "c++", str(source)]

    def link_command(self, unit: Unit, compiled: Path, output: Path) -> list[str]:
        """The command that makes a shared object of a compiled source."""
        return [
            *self.compiler,
            *_LINK_FLAGS,
            str(compiled),
            *unit.user_flags,
            "-o",
            str(output),
        ]

    def search_path_command(self, unit: Unit) -> list[str]:
        """The command that prints where headers are looked for."""
        return self.preprocess_command(unit, os.devnull, "-v")


def compile_flags(unit: Unit) -> list[str]:
    """The flags of a command that does not link."""
    return [flag for flag in unit.flags() if not flag.startswith(_FOR_THE_LINKER)]


def compiler_environment() -> dict[str, str]:
    """The environment in which compilers run."""
    return {name: value for name, value in os.environ.items() if name not in _SCRUBBED}


def find_toolchain(cache: Cache | None = None) -> Toolchain:
    """The compiler that ``CXX`` names, g++ by default.

    What it says about itself is kept in the cache, as long as its files do not change.

    Raises:
        BuildError: it is not on PATH or does not run.
    """
    command_line = os.environ.get("CXX", "").strip() or "g++"
    return _find(command_line, os.environ.get("PATH", ""), cache or Cache())


def _find(command_line: str, path: str, cache: Cache) -> Toolchain:
    words = shlex.split(command_line)
    position = 1 if len(words) > 1 and Path(words[0]).name in _LAUNCHERS else 0
    found = [shutil.which(word, path=path) for word in words[: position + 1]]
    for word, executable in zip(words, found, strict=False):
        if executable is None:
            raise BuildError(
                f"no C++ compiler: {word!r} is not on PATH\n"
                "Install one (Debian/Ubuntu: apt install g++; Fedora: dnf install gcc-c++), or "
                "name yours in the environment variable CXX."
            )
    executables = tuple(str(Path(executable).absolute()) for executable in found if executable)
    launcher, compiler = executables[:position], (executables[position], *words[position + 1 :])
    name = digest_of_parts((*_parts("word", (*launcher, *compiler)), ("PATH", path)))
    description = _recorded(cache.compiler_file(name))
    if description is None:
        description = _Description.ask(command_line, compiler)
        cache.save_compiler(name, description.encode())
    version = description.answers["--version"].splitlines()
    return Toolchain(
        launcher,
        compiler,
        version[0].strip() if version else command_line,
        identity=(
            *_parts("compiler", compiler),
            *(("compiler " + question, text) for question, text in description.answers.items()),
            *(
                (f"compiler file {file}", f"{stamp.size} bytes, modified {stamp.mtime_ns}")
                for file, stamp in description.files.items()
            ),
        ),
    )


def _parts(label: str, values: tuple[str, ...]) -> tuple[Part, ...]:
    return tuple((label, value) for value in values)


@dataclass(frozen=True)
class _Description:
    """What a compiler says about itself, and the files of which it consists."""

    answers: dict[str, str]
    files: dict[str, Stamp]

    @classmethod
    def ask(cls, command_line: str, compiler: tuple[str, ...]) -> _Description:
        answers = {
            question: _ask(command_line, compiler, question)
            for question in ("--version", "-dumpmachine")
        }
        programs = [
            _ask(command_line, compiler, f"-print-prog-name={program}").strip()
            for program in ("cc1plus", "as", "ld")
        ]
        paths = [compiler[0], *(shutil.which(program) or "" for program in programs)]
        files = {path: stamp for path in paths if path and (stamp := Stamp.of(path))}
        return cls(answers, files)

    def encode(self) -> bytes:
        return json.dumps({"answers": self.answers, "files": self.files}).encode()


def _recorded(path: Path) -> _Description | None:
    """A description whose files are unchanged."""
    content = read(str(path))
    if content is None:
        return None
    try:
        document = json.loads(content.data)
        files = {path: Stamp(*stamp) for path, stamp in document["files"].items()}
        description = _Description(dict(document["answers"]), files)
    except (ValueError, KeyError, TypeError):
        return None
    unchanged = all(Stamp.of(path) == stamp for path, stamp in files.items())
    return description if unchanged and "--version" in description.answers else None


def _ask(command_line: str, compiler: tuple[str, ...], question: str) -> str:
    try:
        return subprocess.run(  # noqa: S603 - the user's own compiler
            [*compiler, question], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(
            f"the C++ compiler {command_line!r} does not run: {error}\n"
            "Name a working one in the environment variable CXX."
        ) from None


def key_parts(unit: Unit, toolchain: Toolchain, source_digest: str) -> tuple[Part, ...]:
    """Everything that decides what a source is compiled to, except its headers."""
    return (
        ("kind", unit.kind),
        *environment_parts(unit, toolchain),
        ("entry", unit.entry or ""),
        ("source path", str(unit.source)),
        ("source content", source_digest),
    )


def environment_parts(unit: Unit, toolchain: Toolchain) -> tuple[Part, ...]:
    """What of that does not depend on the source: compiler, flags and environment."""
    variables = ((name, os.environ.get(name)) for name in ENVIRONMENT)
    return (
        ("plugin headers", _plugin_digest()),
        *toolchain.identity,
        *_parts("flag", unit.flags()),
        *_flag_files(unit),
        *((f"environment {name}", value) for name, value in variables if value),
    )


@functools.cache
def _plugin_digest() -> str:
    """SHA-256 of the headers that user sources include and of the engine's ABI."""
    files = [*sorted(INCLUDE_DIR.rglob("*.h")), PACKAGE / "native" / "engine_api.h"]
    contents = ((str(file.relative_to(PACKAGE)), read(str(file))) for file in files)
    return digest_of_parts(tuple((name, c.digest) for name, c in contents if c is not None))


def _flag_files(unit: Unit) -> tuple[Part, ...]:
    """Files that flags name: libraries, linker scripts, files of flags, plugins."""
    parts = []
    for flag in unit.user_flags:
        words = (flag, *flag.replace("=", ",").lstrip("@").split(","))
        for word in dict.fromkeys(words):
            content = read(str(unit.directory / word)) if word else None
            if content is not None:
                parts.append((f"file of a flag {word}", content.digest))
    return tuple(parts)
