"""Which code is a library's, by the file that it is in."""

from __future__ import annotations

import functools
import importlib.machinery
import sys
import sysconfig
from typing import TYPE_CHECKING

from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from types import ModuleType

TRUSTED = ("numpy", "scipy", "torch", "ml_dtypes")
"""Their versions stand for their code, and they open files where Python sees it."""

_UNRELATED = {*TRUSTED, "pytest", "_pytest", "pytest_a2a3sim"}
_OWN = f"{PACKAGE}/"
_LIBRARIES = (_OWN, *{sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})


@functools.lru_cache(maxsize=4096)
def is_library_file(file: str) -> bool:
    """Whether a file is Python's, an installed package's or this package's."""
    if file.startswith("<"):
        return file.startswith("<frozen")
    return file.startswith(_LIBRARIES) or "/site-packages/" in file or "/dist-packages/" in file


@functools.lru_cache(maxsize=4096)
def is_host_file(file: str) -> bool:
    """Whether a file is pytest's or this package's, which call the user's code."""
    return file.startswith(_OWN) or "/_pytest/" in file


def file_of(module: ModuleType | None) -> str:
    """The file that a module was loaded from; empty where there is none."""
    return str(getattr(module, "__file__", None) or "")


def is_users(module: ModuleType) -> bool:
    """Whether a module is the user's own code."""
    file = file_of(module)
    return bool(file) and not is_library_file(file)


def is_trusted(name: str) -> bool:
    """Whether nothing needs to be known of a module but the versions in the key."""
    top = name.partition(".")[0]
    return top in _UNRELATED or top in sys.stdlib_module_names


def is_compiled(module: ModuleType) -> bool:
    """Whether a module is native code."""
    return file_of(module).endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
