"""What runs is what a change can affect; ``python -m tests.affected.oracle`` tries more edits."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from tests.affected.killed import round_of
from tests.affected.oracle import Oracle

if TYPE_CHECKING:
    from pathlib import Path


def test_random_edits(tmp_path: Path) -> None:
    oracle = Oracle(tmp_path, seed=3, directories=4)
    assert oracle.check("nothing was run before") == ""
    for arguments in ((), ("-n2",)):
        assert oracle.round(*arguments) == ""
    assert oracle.check_all() == ""


def test_runs_that_are_killed(tmp_path: Path) -> None:
    oracle = Oracle(tmp_path, seed=4, directories=4)
    assert len(oracle.run("--sim-affected")) == len(oracle.repo.nodeids())
    assert round_of(oracle, random.Random(4), 3.0) == ""
