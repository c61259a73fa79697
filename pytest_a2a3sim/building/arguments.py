"""Command lines that are too long for the system, with the words in a file.

A word of a command line, or a variable of the environment, has at most 128 KiB on Linux. g++ hands
all its words on in one variable, so that a file of its own words does not help: what the
preprocessor needs goes past g++, in a file that the preprocessor reads.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_a2a3sim.building.toolchain import Toolchain

_LONGEST = 1 << 16
_FOR_THE_PREPROCESSOR = ("-D", "-U", "-I")


def shortened(command: list[str], toolchain: Toolchain, workspace: Path) -> list[str]:
    """A command that does the same and is short enough, by a file in the workspace if need be."""
    if sum(len(word) + 1 for word in command) < _LONGEST:
        return command
    launcher = len(toolchain.launcher)
    programs = launcher + 1 if tuple(command[:launcher]) == toolchain.launcher else 1
    if not toolchain.is_gcc:
        return [*command[:programs], f"@{_file(command[programs:], workspace)}"]
    moved = [word for word in command if _is_for_the_preprocessor(word)]
    kept = [word for word in command[programs:] if not _is_for_the_preprocessor(word)]
    return [*command[:programs], f"-Wp,@{_file(moved, workspace)}", *kept]


def _is_for_the_preprocessor(word: str) -> bool:
    """Whether it is an option that only the preprocessor reads, value included."""
    return word.startswith(_FOR_THE_PREPROCESSOR) and word not in _FOR_THE_PREPROCESSOR


def _file(words: Iterable[str], workspace: Path) -> Path:
    """A file of words, as GNU's compilers and clang read them."""
    text = "".join(f'"{_escaped(word)}"\n' for word in words)
    data = text.encode(errors="surrogateescape")
    path = workspace / f"words-{hashlib.sha256(data).hexdigest()}.txt"
    path.write_bytes(data)
    return path


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"')
