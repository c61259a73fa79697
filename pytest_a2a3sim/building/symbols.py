"""What a shared object exports."""

from __future__ import annotations

import os
import struct
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.instrumentation import CALLBACKS_SYMBOL
from pytest_a2a3sim.building.starting import answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Of elf.h, for 64 bits and little-endian numbers: the machines that this package runs on.
_HEADER = struct.Struct("<4sBB10xH22xQ10xHHH")
_SECTION = struct.Struct("<4xI16xQQI12xQ")
_SYMBOL = struct.Struct("<IBBH16x")
_SHARED_OBJECT = (b"\x7fELF", 2, 1, 3)
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
        ValueError: it is none, or not whole.
    """
    try:
        return sorted(set(_exported_functions(path.read_bytes())) - {CALLBACKS_SYMBOL})
    except (IndexError, struct.error) as error:
        raise ValueError("a part is missing") from error


def _exported_functions(data: bytes) -> Iterator[str]:
    *kind, start, size, count, _ = _HEADER.unpack_from(data)
    if tuple(kind) != _SHARED_OBJECT:
        raise ValueError("another kind of file")
    if count == 0 and start != 0:  # more than fit there: the first section has their number
        count = _SECTION.unpack_from(data, start)[2]
    sections = [_SECTION.unpack_from(data, start + size * number) for number in range(count)]
    for section_kind, first, length, names, _ in sections:
        if section_kind == _DYNAMIC_SYMBOLS:
            texts = sections[names][1]
            for name, info, other, section in _SYMBOL.iter_unpack(data[first : first + length]):
                is_function = info & 0xF in _FUNCTIONS and info >> 4 == _GLOBAL
                if is_function and section != 0 and other & 0x3 in _VISIBLE:
                    begin = texts + name
                    yield os.fsdecode(data[begin : data.index(0, begin)])
