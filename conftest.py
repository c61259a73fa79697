"""Fixtures of the whole test suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

pytest_plugins = ["pytester"]


@pytest.fixture
def golden_dir(tmp_path: Path) -> GoldenDir:
    """A golden directory that passes; tests change what they are about."""
    return GoldenDir.create(tmp_path / "doubler")
