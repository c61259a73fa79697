"""Frozen dataclasses that cost nothing to define.

``dataclass(frozen=True)`` compiles six functions for each class. A warm case meets eighty classes,
for which that is a sixth of its CPU time. Those that are made here behave as its classes do, for
``dataclasses.replace`` and the like too; their functions are shared, and look the fields up.
"""

from __future__ import annotations

import dataclasses
import inspect
import operator
from dataclasses import MISSING, Field, FrozenInstanceError
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[Any], Any]:
        """Nothing but type checkers look at it."""
        return lambda decorator: decorator


_Class = TypeVar("_Class", bound=type)
_FIELD: Any = getattr(dataclasses, "_FIELD", None)  # marks what dataclasses.fields() lists


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: _Class) -> _Class:
    """Makes a class one of frozen values, as ``dataclass(frozen=True)`` does.

    Raises:
        TypeError: a field without a default follows one with a default.
    """
    fields: dict[str, Field[Any]] = dict(getattr(cls, "__dataclass_fields__", {}))
    for name, kind in inspect.get_annotations(cls).items():
        if not str(kind).startswith("ClassVar"):
            fields[name] = _field(cls, name, kind)
    has_default = [field.default is not MISSING or _makes(field) for field in fields.values()]
    if has_default != sorted(has_default):
        raise TypeError(f"{cls.__name__}: a field without a default follows one with a default")
    made: Any = cls
    made.__dataclass_fields__ = fields
    setattr(made, "__match_args__", tuple(fields))  # noqa: B010 - type checkers refuse the assignment
    made.__signature__ = _Signature()
    made.__compared__ = _getter([name for name, field in fields.items() if field.compare])
    shared: tuple[Callable[..., object], ...] = (_init, _repr, _eq, _hash, _set, _delete)
    for method in shared:
        name = _NAMES[method]
        if name not in vars(cls):
            setattr(cls, name, method)
    return cls


def _field(cls: type, name: str, kind: object) -> Field[Any]:
    default = vars(cls).get(name, MISSING)
    field: Field[Any] = (
        default if isinstance(default, Field) else dataclasses.field(default=default)
    )
    field.name = name
    field.type = kind  # the annotation, which may be text
    field._field_type = _FIELD  # type: ignore[attr-defined]  # noqa: SLF001 - there is no public way
    if default is field:
        if field.default is MISSING:
            delattr(cls, name)
        else:
            setattr(cls, name, field.default)
    return field


def _makes(field: Field[Any]) -> bool:
    return field.default_factory is not MISSING


def _init(self: Any, *args: Any, **kwargs: Any) -> None:
    fields = self.__dataclass_fields__
    values = vars(self)
    if len(args) > len(fields):
        raise TypeError(f"{_name(self)} takes {len(fields)} arguments; got {len(args)}")
    values.update(zip(fields, args, strict=False))
    if args and (twice := values.keys() & kwargs.keys()):
        raise TypeError(f"{_name(self)} got {min(twice)!r} twice")
    values.update(kwargs)
    if len(values) != len(fields) or kwargs.keys() - fields.keys():
        _complete(self, values, fields)
    if hasattr(self, "__post_init__"):
        self.__post_init__()


def _complete(self: Any, values: dict[str, Any], fields: dict[str, Field[Any]]) -> None:
    """Adds defaults, and refuses what does not fit."""
    for name, field in fields.items():
        if name in values:
            continue
        if field.default is not MISSING:
            values[name] = field.default
        elif field.default_factory is not MISSING:
            values[name] = field.default_factory()
    if missing := [name for name in fields if name not in values]:
        raise TypeError(f"{_name(self)} is missing {', '.join(map(repr, missing))}")
    if unknown := [name for name in values if name not in fields]:
        raise TypeError(f"{_name(self)} got an unexpected argument {unknown[0]!r}")


def _repr(self: Any) -> str:
    shown = (name for name, field in self.__dataclass_fields__.items() if field.repr)
    parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{type(self).__qualname__}({parts})"


def _getter(names: list[str]) -> staticmethod[[Any], tuple[Any, ...]]:
    """Gets these attributes of an object; with more than one of them no code of Python runs."""
    if len(names) > 1:
        return staticmethod(operator.attrgetter(*names))
    return staticmethod(lambda value: tuple(getattr(value, name) for name in names))


def _eq(self: Any, other: Any) -> object:
    if type(other) is not type(self):
        return NotImplemented
    return self.__compared__(self) == self.__compared__(other)


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _set(self: Any, name: str, _: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r} of {_name(self)}")


def _delete(self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r} of {_name(self)}")


_NAMES = {
    _init: "__init__",
    _repr: "__repr__",
    _eq: "__eq__",
    _hash: "__hash__",
    _set: "__setattr__",
    _delete: "__delattr__",
}


def _name(self: Any) -> str:
    return type(self).__name__


class _Signature:
    """``__signature__`` of a class, for help texts and type-driven tools; made when asked for."""

    def __get__(self, _: object, owner: Any) -> inspect.Signature:
        def parameter(field: Field[Any]) -> inspect.Parameter:
            default = inspect.Parameter.empty if field.default is MISSING else field.default
            if _makes(field):
                default = field.default_factory
            return inspect.Parameter(
                field.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=default,
                annotation=field.type,
            )

        return inspect.Signature([*map(parameter, owner.__dataclass_fields__.values())])
