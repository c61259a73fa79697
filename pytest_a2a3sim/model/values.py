"""Values of options as text has them, and fields of a dataclass that take such text."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, overload

from pytest_a2a3sim.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

Threads = int | Literal["cores"]
Isolation = bool | Literal["fork"]

_Value = TypeVar("_Value")
_Given_contra = TypeVar("_Given_contra", contravariant=True)

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_size(text: str) -> int:
    """A number of bytes: ``"500M"``, ``"2 GiB"``, ``"1073741824"``.

    Raises:
        ValueError: saying what is accepted.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE)
    size = int(float(match[1]) * _UNITS[match[2].upper()]) if match else 0
    if size < 1:
        raise ValueError("must be a size above 0, such as 500M or 2G")
    return size


def parse_seconds(text: str) -> float:
    """A number of seconds above 0.

    Raises:
        ValueError: saying what is accepted.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError("must be a number of seconds above 0")
    return seconds


def parse_threads(text: str) -> Threads:
    """``cores``, for a thread per simulated core, or a number of threads, at least 1.

    Raises:
        ValueError: saying what is accepted.
    """
    text = text.strip()
    if text == "cores":
        return "cores"
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise ValueError("must be an int, at least 1, or 'cores'")
    return count


def parse_factor(text: str) -> float:
    """A factor, at least 1.

    Raises:
        ValueError: saying what is accepted.
    """
    try:
        factor = float(text)
    except ValueError:
        factor = math.nan
    if not (factor >= 1 and math.isfinite(factor)):
        raise ValueError("must be a number of at least 1")
    return factor


def parse_isolation(text: str) -> Isolation:
    """``process``, for a process a case, ``fork``, for one forked from this, or ``none``.

    Raises:
        ValueError: saying what is accepted.
    """
    if text == "fork":
        return "fork"
    if text not in {"process", "none"}:
        raise ValueError("must be process, fork or none")
    return text == "process"


class TextField(Generic[_Value, _Given_contra]):
    """A field of a dataclass that takes what its option takes, text or the value itself.

    To type checkers it is of one type where it is read, and of another one in the constructor.
    """

    def __init__(
        self, parse: Callable[[str], _Value], default: _Value, values: type | tuple[type, ...] = ()
    ) -> None:
        """Describes the field.

        Args:
            parse: text -> value; raises a ValueError that says what is accepted.
            default: the value that nobody gave.
            values: types of values that need no look.
        """
        self._parse = parse
        self._default = default
        self._values = values
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner = owner.__name__
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> _Value: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _Value: ...
    def __get__(self, instance: object | None, owner: type) -> _Value:
        """The value; of the class, the default."""
        if instance is None:
            return self._default
        value: _Value = instance.__dict__[self._name]
        return value

    def __set__(self, instance: object, value: _Given_contra) -> None:
        """Takes a value or its text.

        Raises:
            SettingsError: it has no meaning.
        """
        instance.__dict__[self._name] = self._checked(value)

    def _checked(self, given: Any) -> Any:
        if given == self._default or isinstance(given, self._values):
            return given
        text = ",".join(map(str, given)) if isinstance(given, (list, tuple)) else str(given)
        try:
            return self._parse(text)
        except ValueError as error:
            raise SettingsError(f"{self._owner}.{self._name} {error}; got {given!r}") from None
