"""PTO ISA, the headers of tile instructions that kernels may include: where it is, and which."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT_VARIABLE = "PTO_ISA_ROOT"

_HEADER = Path("pto", "pto-inst.hpp")
_MISSING = re.compile(r"['<\"]?(?P<header>pto/[\w./-]+)['>\"]?(?: file not found|: No such file)")
_LACKS = re.compile(  # what compilers say of PTO ISA that are too old for it
    r"Unsupported element cmp"
    r"|_Float16 is not supported on this target"
    r"|(?:std::|namespace 'std').*(?:bfloat16_t|float8)|(?:bfloat16_t|float8).*'std'"
    r"|(?:unrecognized command[ -]line option|invalid value) .*c\+\+2b"
)
_GET_IT = (
    "Get it with: git clone https://github.com/hw-native-sys/pto-isa\n"
    "and set the environment variable PTO_ISA_ROOT, or the ini key sim_pto_isa_root, to its "
    "directory."
)
_VERSIONS = (
    "Its commit a41a6810 (2026-03-01) compiles with g++ 12 to 15, its state of 2026-08 with "
    "g++ 13 or newer and clang++ 19 or newer."
)


def has_pto_isa(include_dir: str) -> bool:
    """Whether a directory that compilers search for headers holds PTO ISA."""
    return Path(include_dir, _HEADER).is_file()


def lacks_something(error: str) -> bool:
    """Whether a compiler's error says that it lacks what newer ones have, such as a type."""
    return _LACKS.search(error) is not None


def pto_isa_hint(error: str, environment: Mapping[str, str]) -> str:
    """What to do about a compiler's error that is due to PTO ISA; "" about any other one.

    Args:
        error: the compiler's first error.
        environment: in which it ran.
    """
    if lacks_something(error):
        return (
            f"This compiler lacks what this version of PTO ISA needs. {_VERSIONS}\nName one in the "
            "environment variable CXX, the ini key sim_compiler, or COMPILER of kernel_config.py."
        )
    missing = _MISSING.search(error)
    if missing is None:
        return ""
    root = environment.get(ROOT_VARIABLE)
    if not root:
        where = f"<{missing['header']}> is a header of PTO ISA, the tile instructions of Ascend."
    elif not has_pto_isa(str(Path(root, "include"))):
        where = f"{ROOT_VARIABLE} is {root}, where there is no {Path('include', _HEADER)}."
    else:
        where = f"PTO ISA in {root} has no header {missing['header']}: it is of another version."
    return f"{where}\n{_GET_IT}\n{_VERSIONS}"
