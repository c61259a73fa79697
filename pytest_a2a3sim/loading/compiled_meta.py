"""compiled_meta.json, which PyPTO writes beside the kernel_config.py that it generates."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.chip import Platform, parse_platform

if TYPE_CHECKING:
    from pathlib import Path

_BACKENDS: dict[str, Platform] = {"Ascend910B": "a2a3", "Ascend950": "a5"}


def platform_beside(directory: Path) -> Platform | None:
    """The chip for which a directory was generated; None where nothing says so."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        said = json.loads((directory / "compiled_meta.json").read_bytes())
        if isinstance(said.get("platform"), str):
            return parse_platform(said["platform"])
        return _BACKENDS.get(str(said.get("backend_type")))
    return None
