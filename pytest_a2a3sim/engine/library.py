"""The engine's library: its functions, the names of its enumerators, and its errors.

``engine_api.h`` is where enumerators, array lengths and fields stand; cffi has read it, so that
nothing of it is written down a second time here.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path
from typing import Any

from pytest_a2a3sim.engine.binary import find_engine
from pytest_a2a3sim.model.errors import EngineError

_NAME = "pytest_a2a3sim._engine"


def _load() -> Any:
    if _NAME not in sys.modules:
        spec = importlib.util.spec_from_file_location(_NAME, find_engine())
        if spec is None or spec.loader is None:
            raise EngineError(f"{find_engine()} is no extension module")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[_NAME] = module
    return sys.modules[_NAME]


def _version_of(path: str) -> str:
    try:
        status = Path(path).stat()
    except OSError:
        return ""
    return f"{status.st_ino} {status.st_mtime_ns}"


_module = _load()
ffi: Any = _module.ffi
lib: Any = _module.lib

PATH = str(_module.__file__)
"""Where the library is."""

VERSION = _version_of(PATH)
"""What tells its file from one that has been built since; empty if nothing does."""


def check(status: int, what: str) -> int:
    """Returns the status of a call of the engine.

    Raises:
        EngineError: the engine could not do it; the message says what, and why.
    """
    if status == lib.A2A3_ERROR:
        raise EngineError(f"{what}: {text(lib.a2a3_last_error())}")
    return status


def text(characters: Any) -> str:
    """A C string."""
    return str(ffi.string(characters).decode(errors="replace"))


@functools.cache
def names(enumeration: str, prefix: str) -> dict[int, str]:
    """Names of an enumeration's values, without the prefix, in lower case.

    ``names("a2a3_failure", "A2A3_FAILURE_")`` is ``{0: "none", 1: "load", ...}``.
    """
    elements: dict[int, str] = ffi.typeof(f"enum {enumeration}").elements
    return {value: name.removeprefix(prefix).lower() for value, name in elements.items()}


@functools.cache
def values(enumeration: str, prefix: str) -> dict[str, int]:
    """The values by those names."""
    return {name: value for value, name in names(enumeration, prefix).items()}


def core_type_value(core_type: str) -> int:
    """The a2a3_core_type of ``"aic"`` or ``"aiv"``."""
    return values("a2a3_core_type", "A2A3_CORE_")[core_type]


def core_name(core_type: int, core_id: int) -> str | None:
    """``"AIV 17"``; None where the engine does not know the core."""
    if core_type < 0 or core_id < 0:
        return None
    return f"{names('a2a3_core_type', 'A2A3_CORE_')[core_type].upper()} {core_id}"
