"""Random golden directories, most of them with a fault, and how they may end."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import A2A3SimError
from tests.fuzz.directories import random_directory
from tests.fuzz.faults import FAULTS
from tests.fuzz.steps import has_race

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.simulator import Simulator

NO_FAULT = "none"
RACES = ("a missing edge", "a shared buffer")
RIGHT = 0.35  # share of directories without a fault


@dataclass(frozen=True)
class Trial:
    """A directory that was written, and how its case may end.

    Attributes:
        fault: what was planted.
        kinds: of failure, or "passed".
        settings: with which it runs.
    """

    fault: str
    kinds: frozenset[str]
    settings: dict[str, Any]


def write_directory(seed: int, path: Path, shared: Path) -> Trial:
    """Writes a directory; the same one for the same seed."""
    rng = random.Random(seed)
    settings: dict[str, Any] = {"threads": rng.choice([1, 1, 2, 2, 4, "cores"])}
    made = random_directory(seed, rng)
    fault, kinds = NO_FAULT, {"passed"}
    if rng.random() >= RIGHT:
        fault = rng.choice([*FAULTS, *RACES * 5])
        planted = FAULTS[fault](made, rng)
        fault, kinds = (NO_FAULT, kinds) if planted is None else (fault, planted)
    if rng.random() < 0.3 and fault in {NO_FAULT, *RACES}:
        settings["sanitize"] = "all"
        kinds = {"sanitizer"} if has_race(made.steps, made.edges) else kinds
    elif rng.random() < 0.2 and fault not in RACES:
        settings["schedule"] = rng.choice(["fifo", "lifo", "reverse", "random:7"])
    made.write(path, shared)
    return Trial(fault, frozenset(kinds), settings)


def kind_of(simulator: Simulator, path: Path, settings: dict[str, Any]) -> tuple[str, str]:
    """How a directory's case ends: a kind of failure or "passed", and the message."""
    try:
        simulator.run_case(path, settings=settings).check()
    except A2A3SimError as error:
        return error.kind, str(error)
    return "passed", ""
