"""Suppressions as an ini file has them, a line each."""

from __future__ import annotations

from typing import Any

from pytest_a2a3sim.model.checks import CHECKS
from pytest_a2a3sim.model.sanitizer import ANY_KERNEL, MOST_KERNELS, Suppression

_FORM = (
    "must be `CHECK KERNEL [KERNEL [TENSOR]]: REASON`, such as `racecheck QK SF out: both add`; "
    f"CHECK is {', '.join(CHECKS)} or all, and a second KERNEL may be {ANY_KERNEL} for any or none"
)


def parse_suppression(text: str) -> Suppression:
    """A line such as ``racecheck QK SF out: both add to it``.

    Raises:
        ValueError: saying what is accepted.
    """
    words, colon, reason = text.partition(":")
    check, *names = words.split() or [""]
    if not colon or check not in {*CHECKS, "all"} or not 1 <= len(names) <= MOST_KERNELS + 1:
        raise ValueError(_FORM)
    kernels = names[:MOST_KERNELS]
    if kernels[0] == ANY_KERNEL or not reason.strip():
        raise ValueError(_FORM)
    return Suppression(
        kernels=tuple(kernel for kernel in kernels if kernel != ANY_KERNEL),
        reason=reason.strip(),
        check=check_named(check),
        tensor=names[MOST_KERNELS] if len(names) > MOST_KERNELS else None,
    )


def check_named(name: Any) -> Any:
    """The check; None for ``all``."""
    return None if name == "all" else name
