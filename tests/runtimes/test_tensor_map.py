"""Dependencies that are derived from tensors, against the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.runtimes.map_programs import PROGRAMS_OF_A_RUN, trials

if TYPE_CHECKING:
    from pathlib import Path


def test_random_programs(tmp_path: Path) -> None:
    assert trials(tmp_path / "programs", PROGRAMS_OF_A_RUN) == []
