"""Paths as reports show them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def shown_path(path: Path, root: Path) -> str:
    """The path, relative to ``root`` below it."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else os.fspath(path)
