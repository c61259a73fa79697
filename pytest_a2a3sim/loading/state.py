"""A digest of what values are: data by its content, code by what it does.

Two values with the same digest cannot be told apart by code that they are handed to.
"""

from __future__ import annotations

import copyreg
import enum
import functools
import hashlib
import sys
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.loading.libraries import is_users
from pytest_a2a3sim.model.tensor import is_array, raw_bytes
from pytest_a2a3sim.model.uses import UntrackedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_PLAIN = (bool, int, float, complex, str, bytes, bytearray, type(None), type(...), range, slice)
_NAMED = (types.BuiltinFunctionType, np.ufunc, types.WrapperDescriptorType)
_WRAPPERS = (staticmethod, classmethod, property)
_UNWRAPPED = ("__wrapped__", "__func__", "fget", "fset")


class State:
    """Takes in values, one after the other.

    Attributes:
        modules: of the user's, by name, that the values have to do with. Their own globals are not
            taken in.
    """

    def __init__(self) -> None:
        self.modules: dict[str, types.ModuleType] = {}
        self._hashed = hashlib.sha256()
        self._seen: dict[int, int] = {}
        self._alive: list[object] = []  # so that no address is used twice

    def digest(self) -> str:
        """SHA-256 of all that was taken in, in hexadecimal."""
        return self._hashed.hexdigest()

    def add(self, label: str, value: object) -> None:
        """Takes in a value, which the label names.

        Raises:
            UntrackedError: it is of a kind that has no content, such as a lock.
        """
        self._put("label", label.encode())
        try:
            self._value(value)
        except UntrackedError:
            raise
        except Exception as error:  # noqa: BLE001 - anything may happen in an author's __reduce__
            raise UntrackedError(f"{label} holds what cannot be compared ({error})") from None

    def add_globals(self, module: types.ModuleType) -> None:
        """Takes in the globals of a module."""
        for name, value in sorted(module.__dict__.items()):
            if not name.startswith(("__", "@")) or name == "__outputs__":
                self.add(f"the global {name!r}", value)

    def _put(self, tag: str, content: bytes) -> None:
        self._hashed.update(f"{tag}:{len(content)}:".encode())
        self._hashed.update(content)

    def _value(self, value: Any) -> None:
        kind = type(value)
        if kind in _PLAIN:
            self._put(kind.__name__, repr(value).encode(errors="surrogatepass"))
            return
        if (number := self._seen.get(id(value))) is not None:
            self._put("again", str(number).encode())
            return
        self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        self._put("object", kind.__qualname__.encode())
        if is_array(value) or isinstance(value, (np.generic, np.dtype)):
            self._array(value)
        elif kind in (list, tuple):
            self._all(value)
        elif kind in (dict, types.MappingProxyType):
            self._all(part for pair in value.items() for part in pair)
        elif kind in (set, frozenset):
            self._set(value)
        else:
            self._code(value)

    def _all(self, values: Iterable[object]) -> None:
        for value in values:
            self._value(value)
        self._put("end", b"")

    def _set(self, values: Iterable[object]) -> None:
        whole, seen = self._hashed, self._seen
        digests = []
        for value in values:  # in an order that varies between processes
            self._hashed, self._seen = hashlib.sha256(), {}
            self._value(value)
            digests.append(self._hashed.digest())
        self._hashed, self._seen = whole, seen
        self._put("set", b"".join(sorted(digests)))

    def _array(self, value: Any) -> None:
        if isinstance(value, np.dtype):
            self._put("dtype", repr(value).encode())
            return
        self._put("dtype", str(value.dtype).encode())
        if isinstance(value, np.generic):
            self._put("bytes", value.tobytes())
            return
        strides = value.strides if isinstance(value, np.ndarray) else value.stride()
        self._put("layout", repr((tuple(value.shape), tuple(strides))).encode())
        if getattr(value.dtype, "hasobject", False):
            self._all(value.reshape(-1).tolist())
        else:
            self._put("bytes", memoryview(raw_bytes(value)))  # type: ignore[arg-type]  # as good
        if isinstance(value, np.ndarray) and not isinstance(value, np.memmap):
            self._value(getattr(value, "__dict__", None))  # such as the mask of a masked array

    def _code(self, value: Any) -> None:
        if isinstance(value, types.ModuleType):
            self._named(value.__name__, value)
        elif isinstance(value, types.FunctionType):
            self._function(value)
        elif isinstance(value, types.CodeType):
            self._bytecode(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, enum.Enum):
            self._all((type(value), value.name))
        elif isinstance(value, types.MethodType):
            self._all((value.__func__, value.__self__))
        elif isinstance(value, functools.partial):
            self._all((value.func, value.args, value.keywords))
        elif isinstance(value, _NAMED) and isinstance(
            getattr(value, "__self__", None), (types.ModuleType, type(None), type)
        ):
            module = getattr(value, "__module__", None)
            self._put("name", f"{module}.{getattr(value, '__qualname__', value)}".encode())
        elif isinstance(value, _WRAPPERS) or hasattr(value, "cache_info"):
            self._all(getattr(value, name, None) for name in _UNWRAPPED)
        else:
            self._reduced(value)

    def _reduced(self, value: Any) -> None:
        """What pickle would write of an object."""
        reduce: Callable[[Any], Any] | None = copyreg.dispatch_table.get(type(value))
        parts = reduce(value) if reduce is not None else value.__reduce_ex__(4)
        if isinstance(parts, str):
            self._put("name", f"{type(value).__module__}.{parts}".encode())
            return
        function, arguments, state, items, pairs = (*parts, None, None, None)[:5]
        self._all((function, tuple(arguments), state, list(items or ()), list(pairs or ())))

    def _function(self, function: types.FunctionType) -> None:
        if not self._is_users(function):
            self._put("name", f"{function.__module__}.{function.__qualname__}".encode())
            return
        cells = [_content(cell) for cell in function.__closure__ or ()]
        self._all((function.__code__, function.__defaults__, function.__kwdefaults__, cells))
        self._all(value for name, value in function.__dict__.items() if name != "pytestmark")

    def _bytecode(self, code: types.CodeType) -> None:
        self._put("code", code.co_code)
        self._all((code.co_consts, code.co_names, code.co_varnames, code.co_freevars))

    def _class(self, kind: type) -> None:
        self._put("name", f"{kind.__module__}.{kind.__qualname__}".encode())
        if not self._is_users(kind):
            return
        self._all(kind.__bases__)
        for name, value in kind.__dict__.items():
            special = name.startswith("__") or name == "_abc_impl"
            if not special or isinstance(value, types.FunctionType):
                self._put("attribute", name.encode())
                self._value(value)

    def _is_users(self, value: Any) -> bool:
        module = sys.modules.get(value.__module__ or "")
        if module is None:
            return True
        self._named(value.__module__, module)
        return is_users(module)

    def _named(self, name: str, module: types.ModuleType) -> None:
        self._put("module", name.encode())
        if is_users(module):
            self.modules.setdefault(name, module)


def _content(cell: types.CellType) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return None


def digest_of(label: str, value: object) -> str:
    """SHA-256 of one value, which the label names.

    Raises:
        UntrackedError: it is of a kind that has no content, such as a lock.
    """
    state = State()
    state.add(label, value)
    return state.digest()
