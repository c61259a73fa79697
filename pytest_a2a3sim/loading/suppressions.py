"""SUPPRESSIONS of kernel_config.py -> Suppression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.sanitizer import Suppression
from pytest_a2a3sim.model.suppressions import check_named

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

_KEYS = ("check", "kernels", "tensor", "reason")
_FORM = (
    'a suppression is a dict with "kernels" (a name, or a pair of names) and "reason", and perhaps '
    '"check" and "tensor"'
)


def suppressions_of(value: object, path: Path, kernels: Collection[str]) -> tuple[Suppression, ...]:
    """Reads and checks SUPPRESSIONS.

    Args:
        value: of SUPPRESSIONS.
        path: of kernel_config.py.
        kernels: names of its kernels.

    Raises:
        GoldenError: saying what is wrong with which entry, and what is accepted.
    """
    if not isinstance(value, (list, tuple)):
        raise _error(path, "SUPPRESSIONS", f"must be a list of dicts; got {value!r}")
    return tuple(
        _suppression(f"SUPPRESSIONS[{i}]", each, path, kernels) for i, each in enumerate(value)
    )


def _suppression(where: str, value: Any, path: Path, kernels: Collection[str]) -> Suppression:
    if not isinstance(value, dict):
        raise _error(path, where, f"must be a dict; got {value!r}")
    unknown = [key for key in value if key not in _KEYS]
    if unknown:
        raise _error(path, where, f"has no key {unknown[0]!r}: it knows {', '.join(_KEYS)}")
    missing = [key for key in ("kernels", "reason") if key not in value]
    if missing:
        raise _error(path, where, f"lacks {missing[0]!r}")
    try:
        suppression = Suppression(
            kernels=_names(value["kernels"]),
            reason=value["reason"],
            check=check_named(value.get("check")),
            tensor=value.get("tensor"),
            path=path,
        )
    except ValueError as error:
        raise _error(path, where, f"is wrong: {error}") from None
    strangers = [name for name in suppression.kernels if name not in kernels]
    if strangers:
        known = ", ".join(map(repr, kernels))
        problem = f"names {strangers[0]!r}, which is no kernel of KERNELS: {known}"
        raise _error(path, where, problem)
    return suppression


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, (list, tuple)):
        return tuple(value)
    return (value,)


def _error(path: Path, where: str, problem: str) -> GoldenError:
    return GoldenError(f"kernel_config.py: {where} {problem}\n  {_FORM}\n  in {path}")
