"""Which files are the plugin's: all that it looks at in sessions without one."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SCENE_TEST = b"scene_test"  # what the file of one names
_FUNCTIONS = rb"^def (?:generate_inputs|compute_golden)\b"


def is_golden_file(path: Path) -> bool:
    """Whether a file is ours: a golden.py beside kernels, or with our functions in it."""
    if path.name != "golden.py":
        return False
    if (path.parent / "kernels").is_dir() or (path.parent / "kernel_config.py").is_file():
        return True
    try:
        return re.search(_FUNCTIONS, path.read_bytes(), re.MULTILINE) is not None
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
        text = path.read_bytes()
    except OSError:
        return False
    if _SCENE_TEST not in text:
        return False
    from pytest_a2a3sim.loading.scene_files import has_scenes  # noqa: PLC0415 - few files need it

    return has_scenes(text) and not _pto_runtime_is_there()


@functools.cache
def _pto_runtime_is_there() -> bool:
    """Whether scene tests are the business of the PTO runtime, which is installed."""
    from pytest_a2a3sim.loading.stand_ins import is_there  # noqa: PLC0415 - few files need it

    return is_there("simpler")
