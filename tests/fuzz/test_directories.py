"""Random golden directories end as they should; ``python -m tests.fuzz`` tries more of them."""

from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings
from pytest_a2a3sim.model.lines import WIDEST_HEADLINE
from pytest_a2a3sim.simulator import Simulator
from tests.fuzz.directories import random_directory
from tests.fuzz.faults import FAULTS
from tests.fuzz.trials import kind_of, write_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEEDS = range(16)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kernels")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with closing(Simulator(Settings(threads=2))) as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_random_directory(seed: int, simulator: Simulator, tmp_path: Path, kernels: Path) -> None:
    trial = write_directory(seed, tmp_path, kernels)
    kind, message = kind_of(simulator, tmp_path, trial.settings)
    assert kind in trial.kinds, f"{trial}: {message}"
    assert len(message.partition("\n")[0]) <= WIDEST_HEADLINE, f"{trial}: {message}"


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, simulator: Simulator, tmp_path: Path, kernels: Path) -> None:
    for seed in range(1000):
        rng = random.Random(seed)
        made = random_directory(seed, rng)
        kinds = FAULTS[fault](made, rng)
        if kinds is not None and "passed" not in kinds:
            break
    else:
        pytest.fail("no directory has a place for it")
    made.write(tmp_path, kernels)
    kind, message = kind_of(simulator, tmp_path, {})
    assert kind in kinds, f"seed {seed}: {message}"
    assert len(message.partition("\n")[0]) <= WIDEST_HEADLINE, f"seed {seed}: {message}"
