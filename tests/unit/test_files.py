"""Work in directories that somebody else removes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.building.store.files import persist

if TYPE_CHECKING:
    from pathlib import Path


def test_a_directory_that_vanishes_is_made_again(tmp_path: Path) -> None:
    directory = tmp_path / "made"
    removals = iter(range(3))

    def put() -> str:
        directory.mkdir(exist_ok=True)
        if next(removals, None) is not None:
            directory.rmdir()
        (directory / "file").write_text("text")
        return "written"

    assert persist(put) == "written"
    assert (directory / "file").read_text() == "text"


def test_a_file_that_stays_in_the_way_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError):
        persist(lambda: (tmp_path / "file").mkdir(exist_ok=True))
