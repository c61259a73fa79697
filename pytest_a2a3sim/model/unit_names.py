"""Names that functions of a kernel have where several kernels are one translation unit."""

from __future__ import annotations

import re

_OWN = re.compile(r"\ba2a3sim_unit_\d+::|__a2a3sim_unit_\d+\b")


def unit_namespace(number: int) -> str:
    """The namespace of one of the kernels; with two underscores before it, its entries' suffix."""
    return f"a2a3sim_unit_{number}"


def as_written(function: str) -> str:
    """A function's name, or several, as the kernel's author wrote it."""
    return _OWN.sub("", function)
