"""What a shared object exports."""

from __future__ import annotations

import os
import struct
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.instrumentation import CALLBACKS_SYMBOL
from pytest_a2a3sim.building.starting import answer
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Of elf.h, for 64 bits and little-endian numbers: the machines that this package runs on.
_HEADER = struct.Struct("<4sBB34xQ10xHHH")
_SECTION = struct.Struct("<4xI16xQQI12xQ")
_SYMBOL = struct.Struct("<IBBH16x")
_MAGIC = (b"\x7fELF", 2, 1)
_DYNAMIC_SYMBOLS, _GLOBAL = 11, 1
_FUNCTIONS = frozenset({2, 10})  # one, or one that is chosen when the object is loaded
_VISIBLE = frozenset({0, 3})  # by default, or protected


def demangled(symbols: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The names as the authors wrote them, ``add(float*)``, where ``c++filt`` can tell."""
    try:
        plain = answer(["c++filt", *symbols], environment).splitlines() if symbols else []
    except (OSError, subprocess.SubprocessError):
        return list(symbols)
    return plain if len(plain) == len(symbols) else list(symbols)


def exported_symbols(path: Path) -> list[str]:
    """Names of the functions that a shared object exports, sorted.

    Raises:
        BuildError: it is no shared object of a machine that this package runs on.
    """
    try:
        return sorted(set(_exported_functions(path.read_bytes())) - {CALLBACKS_SYMBOL})
    except (ValueError, IndexError, struct.error):
        raise BuildError(
            f"the symbols of {path} cannot be listed: it is no whole ELF file of 64 bits\n"
            "Name a compiler for 64-bit Linux in the environment variable CXX."
        ) from None


def _exported_functions(data: bytes) -> Iterator[str]:
    *magic, start, size, count, _ = _HEADER.unpack_from(data)
    if tuple(magic) != _MAGIC:
        raise ValueError(magic)
    sections = [_SECTION.unpack_from(data, start + size * number) for number in range(count)]
    for kind, first, length, names, _ in sections:
        if kind == _DYNAMIC_SYMBOLS:
            texts = sections[names][1]
            for name, info, other, section in _SYMBOL.iter_unpack(data[first : first + length]):
                is_function = info & 0xF in _FUNCTIONS and info >> 4 == _GLOBAL
                if is_function and section != 0 and other & 0x3 in _VISIBLE:
                    begin = texts + name
                    yield os.fsdecode(data[begin : data.index(0, begin)])
