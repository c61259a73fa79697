"""Whether a command has made what it was to make."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.symbols import exported_symbols
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".cpp", ".cc", ".cxx", ".cp", ".c++", ".C", ".CPP", ".c", ".ii", ".i")
"""Of what is a source to every compiler."""

_SHOWN = 1 << 14  # characters of a command in a message


def exports(output: Path, command: list[str], source: Path) -> tuple[str, ...]:
    """Names of the functions that a shared object exports, which a command has made of a source.

    Raises:
        BuildError: it has not.
    """
    expect(output, command, source)
    try:
        return tuple(exported_symbols(output))
    except ValueError:
        raise BuildError(
            f"the C++ compiler {command[0]!r} makes no shared object of 64 bits of {source.name}, "
            f"though it ends with status 0\n  in {source}\n"
            "Leave out the flag that has it make something else, or name a working compiler in the "
            f"environment variable CXX.\ncommand: {shown(command)}"
        ) from None


def expect(output: Path, command: list[str], source: Path) -> None:
    """Makes sure that a command has made a file of a source.

    Raises:
        BuildError: it has not.
    """
    if not output.exists():
        if source.suffix not in SUFFIXES:  # the compiler leaves it to the linker
            raise BuildError(
                f"{source.name} is no C++ source to the compiler: its name does not end in .cpp or "
                f"the like\n  in {source}\n"
                f"Rename it to end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, and correct "
                'its "source" in kernel_config.py.'
            )
        raise BuildError(
            f"the C++ compiler {command[0]!r} makes no {output.suffix} file, though it ends with "
            f"status 0\nName a working one in the environment variable CXX.\n"
            f"command: {shown(command)}"
        )


def shown(command: list[str]) -> str:
    """A command for people, without the middle of a very long one."""
    text = shlex.join(command)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} ... {text[-_SHOWN // 2 :]}"
