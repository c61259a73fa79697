"""Golden directories with tensors of 32 MiB and more, and what becomes of their cases."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import A2A3SimError, Settings, Simulator
from pytest_a2a3sim.loading.golden import load_golden

if TYPE_CHECKING:
    from pytest_a2a3sim.model.result import Attempt
    from tests.golden_dirs import GoldenDir

WHOLE_PAGES = 8 << 20  # float32
PARTS_OF_PAGES = WHOLE_PAGES + 77

GOLDEN = """
import os

import numpy as np

COUNT = {count}
PARAMS_LIST = [{{"case": number}} for number in range({cases})]


def make_x():
    return np.random.default_rng(1).random(COUNT, dtype=np.float32)


def generate_inputs(params):
    return {{"x": make_x(), "out_y": np.zeros(COUNT, dtype=np.float32)}}


def compute_golden(tensors, params):
    np.multiply(tensors["x"], 2, out=tensors["out_y"])

"""
DOUBLES = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];"
ADDS_A_TASK = "runtime->add_task(task, 3, 0, CoreType::AIV);\n"
COPIES_BACK = "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;\n"
BUILDS = ADDS_A_TASK + COPIES_BACK


def write(
    directory: GoldenDir, golden: str = "", builds: str = BUILDS, *, count: int, cases: int = 1
) -> None:
    directory.golden(GOLDEN.format(count=count, cases=cases) + textwrap.dedent(golden))
    directory.orchestration_body(builds)
    directory.kernel_body(DOUBLES)


def attempts(directory: GoldenDir, settings: Settings | None = None) -> list[Attempt]:
    golden = load_golden(directory.golden_py)
    simulator = Simulator(settings or Settings(threads=1))
    try:
        return [simulator.attempt(golden, case) for case in golden.cases]
    finally:
        simulator.close()


def failure(directory: GoldenDir, settings: Settings | None = None) -> str:
    """What is said of its only case."""
    (attempt,) = attempts(directory, settings)
    with pytest.raises(A2A3SimError) as raised:
        attempt.get().check()
    return str(raised.value)


def passes(directory: GoldenDir, settings: Settings | None = None) -> None:
    for attempt in attempts(directory, settings):
        result = attempt.get()
        assert result.passed, result
