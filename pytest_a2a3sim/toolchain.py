"""Which compiler, and which flags."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.errors import BuildError

if TYPE_CHECKING:
    from pytest_a2a3sim.spec import CompileSpec

INCLUDE_DIR = Path(__file__).resolve().parent / "include"

_SHARED = ("-shared", "-fPIC", "-pipe", "-g1", "-Wl,-Bsymbolic", "-fno-optimize-sibling-calls")
_KERNEL_FLAGS = (
    "-std=c++23",
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


@dataclass(frozen=True)
class Toolchain:
    """A C++ compiler: its command, launcher words included, and its version line."""

    command: tuple[str, ...]
    version: str

    def kernel_command(self, spec: CompileSpec, flags: tuple[str, ...], output: Path) -> list[str]:
        """The command that compiles a kernel into a shared object."""
        return self._command(_KERNEL_FLAGS, spec, flags, output)

    def orchestration_command(
        self, spec: CompileSpec, flags: tuple[str, ...], output: Path
    ) -> list[str]:
        """The command that compiles an orchestration into a shared object."""
        return self._command(_ORCHESTRATION_FLAGS, spec, flags, output)

    def _command(
        self, defaults: tuple[str, ...], spec: CompileSpec, flags: tuple[str, ...], output: Path
    ) -> list[str]:
        includes = [*spec.include_dirs, str(INCLUDE_DIR)]
        if root := os.environ.get("PTO_ISA_ROOT"):
            includes.append(str(Path(root) / "include"))
        return [
            *self.command,
            *_SHARED,
            *defaults,
            *(f"-D{name}={value}" if value else f"-D{name}" for name, value in spec.defines),
            *(f"-I{directory}" for directory in includes),
            *flags,
            *spec.cxxflags,
            str(spec.source),
            "-o",
            str(output),
        ]


def find_toolchain() -> Toolchain:
    """The compiler that ``CXX`` names, g++ by default.

    Raises:
        BuildError: it is not on PATH or does not run.
    """
    return _probe(os.environ.get("CXX", "").strip() or "g++", os.environ.get("PATH", ""))


@functools.cache
def _probe(command_line: str, path: str) -> Toolchain:
    command = tuple(shlex.split(command_line))
    executable = shutil.which(command[0], path=path)
    if executable is None:
        raise BuildError(
            f"no C++ compiler: {command[0]!r} is not on PATH\n"
            "Install one (Debian/Ubuntu: apt install g++; Fedora: dnf install gcc-c++), or name "
            "yours in the environment variable CXX."
        )
    try:
        printed = subprocess.run(  # noqa: S603 - the user's own compiler
            [*command, "--version"], capture_output=True, text=True, check=True, timeout=60
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(
            f"the C++ compiler {command_line!r} does not run: {error}\n"
            "Name a working one in the environment variable CXX."
        ) from None
    lines = printed.splitlines()
    return Toolchain(command, lines[0].strip() if lines else command_line)
