"""Modules of the PTO runtime's own Python, for files that import them where it is not installed.

kernel_config.py names directions of arguments by ``simpler.task_interface.ArgDirection``, whose
module is compiled with the PTO runtime.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import sys
import threading
import types
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE = "simpler"
_MODULE = "simpler.task_interface"
_LOCK = threading.RLock()  # of sys.modules, while the stand-ins are in it


class ArgDirection(enum.IntEnum):
    """What becomes of an argument."""

    SCALAR = 0
    IN = 1
    OUT = 2
    INOUT = 3


@contextlib.contextmanager
def stand_ins(source: bytes) -> Iterator[None]:
    """Has what a file imports of the PTO runtime importable while it is executed.

    The real modules go before; nothing of the stand-ins stays behind.

    Args:
        source: the file's text. One that does not mention the module costs nothing.
    """
    if _MODULE.encode() not in source:
        yield
        return
    with _LOCK:
        before = _present()
        try:
            importlib.import_module(_MODULE)
        except Exception:  # noqa: BLE001 - one that is not built fails in ways of its own
            _remove()
        else:
            yield
            return
        sys.modules.update(_made())
        try:
            yield
        finally:
            _remove()
            sys.modules.update(before)


def _made() -> dict[str, types.ModuleType]:
    package, module = types.ModuleType(_PACKAGE), types.ModuleType(_MODULE)
    package.__path__ = []
    package.task_interface = module  # type: ignore[attr-defined]
    module.ArgDirection = ArgDirection  # type: ignore[attr-defined]
    return {_PACKAGE: package, _MODULE: module}


def _present() -> dict[str, types.ModuleType]:
    return {
        name: module
        for name, module in sys.modules.items()
        if name == _PACKAGE or name.startswith(f"{_PACKAGE}.")
    }


def _remove() -> None:
    for name in _present():
        del sys.modules[name]
