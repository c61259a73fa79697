"""What a shared object exports."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.instrumentation import CALLBACKS_SYMBOL
from pytest_a2a3sim.building.starting import answer
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


# Number, value, size, type, binding, visibility, section, and a name with its version.
_EXPORTED = re.compile(r"FUNC +GLOBAL +(?:DEFAULT|PROTECTED) +\d+ ([^\s@]+)")


def demangled(symbols: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The names as the authors wrote them, ``add(float*)``, where ``c++filt`` can tell."""
    try:
        plain = answer(["c++filt", *symbols], environment).splitlines() if symbols else []
    except (OSError, subprocess.SubprocessError):
        return list(symbols)
    return plain if len(plain) == len(symbols) else list(symbols)


def exported_symbols(path: Path, environment: Mapping[str, str]) -> list[str]:
    """Names of the functions that a shared object exports, sorted.

    Raises:
        BuildError: ``readelf``, which comes with every C++ compiler, cannot read the object.
    """
    plain = {**environment, "LC_ALL": "C"}  # or readelf 2.40 drops bytes of names
    try:  # nm takes 30 ms, to load a plugin for objects that are not compiled yet
        listing = answer(["readelf", "--wide", "--dyn-syms", str(path)], plain)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(
            f"the symbols of {path} cannot be listed: {error}\nInstall binutils."
        ) from None
    names = {found[1] for found in _EXPORTED.finditer(listing)}
    return sorted(names - {CALLBACKS_SYMBOL})
