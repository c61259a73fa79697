"""What the tests of a module have in common: compiled objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    made = Simulator(Settings(threads=1))
    yield made
    made.close()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sources of all directories are: objects are found again by the sources' paths."""
    return tmp_path_factory.mktemp("sources")
