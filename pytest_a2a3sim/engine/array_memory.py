"""Large NumPy arrays, made where a case can have their pages instead of a copy."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Iterator

# The numbers of functions in NumPy's C API: numpy/_core/code_generators/numpy_api.py.
_SET_HANDLER = 304
_GET_HANDLER = 305
_CAPSULE = b"mem_handler"


@contextlib.contextmanager
def arrays_to_share(threads: int) -> Iterator[None]:
    """Has large arrays, which the calling thread makes in the context, be of that kind.

    They are ordinary ones for whoever uses them. Where this NumPy or the system does not allow it,
    or the author has a handler of memory for NumPy, arrays are made as ever, and cases copy them.

    Args:
        threads: that memory for them comes on.
    """
    api = _handlers()
    before = None if api is None else api.get()
    sharing = None if before is None else _sharing(before)
    if api is None or sharing is None:
        yield
        return
    api.set(sharing)
    lib.a2a3_arrays_open(threads)
    try:
        yield
    finally:
        lib.a2a3_arrays_close()
        if api.get() is sharing:  # not one that the author has chosen
            api.set(before)


class _Handlers:
    """NumPy's handler of the memory of arrays, which each context has for itself (NEP 49)."""

    def __init__(self, table: Any) -> None:
        functions = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
        make = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.py_object)
        self._set = make(functions[_SET_HANDLER])
        self.get = ctypes.PYFUNCTYPE(ctypes.py_object)(functions[_GET_HANDLER])

    def set(self, handler: Any) -> None:
        self._set(handler)


@functools.cache
def _handlers() -> _Handlers | None:
    try:
        handlers = _Handlers(_pointer(_core()._ARRAY_API, None))  # noqa: SLF001 - NumPy's C API
        _pointer(handlers.get(), _CAPSULE)
    except (AttributeError, ImportError, ValueError):
        return None
    return handlers


def _core() -> Any:
    try:
        return importlib.import_module("numpy._core._multiarray_umath")
    except ImportError:  # before NumPy 2
        return importlib.import_module("numpy.core._multiarray_umath")


def _pointer(capsule: Any, name: bytes | None) -> int:
    get = ctypes.pythonapi.PyCapsule_GetPointer
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return int(get(capsule, name))


_made: dict[int, Any] = {}
"""By the address of a handler: one that shares; None if it is not NumPy's own."""


def _sharing(handler: Any) -> Any:
    """The capsule of a handler that leaves small arrays to another one."""
    address = _pointer(handler, _CAPSULE)
    if address not in _made:
        made = lib.a2a3_array_handler(ffi.cast("void*", address))
        new = ctypes.pythonapi.PyCapsule_New
        new.restype = ctypes.py_object
        new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
        capsule = (
            None if made == ffi.NULL else new(int(ffi.cast("uintptr_t", made)), _CAPSULE, None)
        )
        _made[address] = capsule
    return _made[address]
