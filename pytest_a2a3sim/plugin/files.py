"""Which files are the plugin's: all that it looks at in sessions without one."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.loading.scene_files import has_scenes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_FUNCTIONS = re.compile(rb"^def (?:generate_inputs|compute_golden)\b", re.MULTILINE)


def is_golden_file(path: Path) -> bool:
    """Whether a file is ours: a golden.py beside kernels, or with our functions in it."""
    if path.name != "golden.py":
        return False
    if (path.parent / "kernels").is_dir() or (path.parent / "kernel_config.py").is_file():
        return True
    try:
        return _FUNCTIONS.search(path.read_bytes()) is not None
    except OSError:
        return False


def is_kernel_config(path: Path) -> bool:
    """Whether a file is the kernel_config.py of a golden directory."""
    return path.name == "kernel_config.py" and any(
        is_golden_file(directory / "golden.py") for directory in (path.parent, path.parent.parent)
    )


def is_scene_file(path: Path, collectors: Sequence[pytest.Collector]) -> bool:
    """Whether a file that pytest takes for a test module has scene tests in it."""
    if not any(isinstance(each, pytest.Module) for each in collectors):
        return False
    try:
        return has_scenes(path.read_bytes()) and not _pto_runtime_is_there()
    except OSError:
        return False


@functools.cache
def _pto_runtime_is_there() -> bool:
    """Whether scene tests are the business of the PTO runtime, which is installed."""
    from pytest_a2a3sim.loading.stand_ins import is_there  # noqa: PLC0415 - few files need it

    return is_there("simpler")
