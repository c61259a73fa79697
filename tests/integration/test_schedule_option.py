"""``--sim-schedule`` and ``--sim-threads=cores``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import KernelException, Settings, run_case
from pytest_a2a3sim.model.settings import Order, Schedule

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

# 5 -> 0, 5 -> 3, 1 -> 4, 2
FOREST = """
for (int i = 0; i < 6; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
runtime->add_successor(5, 0);
runtime->add_successor(5, 3);
runtime->add_successor(1, 4);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""
INDEPENDENT = """
for (int i = 0; i < 20; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def executed(golden_dir: GoldenDir, schedule: Schedule) -> list[int]:
    """Ids of the tasks in the order in which one thread executed them."""
    result = run_case(golden_dir.path, settings=Settings(threads=1, schedule=schedule))
    assert result.passed
    assert result.schedule == schedule
    return [int(task) for task in np.argsort(result.timeline["start"])]


@pytest.mark.parametrize(
    ("order", "tasks"),
    [
        ("depth-first", [1, 4, 2, 5, 0, 3]),
        ("fifo", [1, 2, 5, 4, 0, 3]),
        ("creation", [1, 2, 4, 5, 0, 3]),
        ("lifo", [5, 3, 0, 2, 1, 4]),
        ("reverse", [5, 3, 2, 1, 4, 0]),
    ],
)
def test_order(golden_dir: GoldenDir, order: Order, tasks: list[int]) -> None:
    golden_dir.orchestration_body(FOREST)
    assert executed(golden_dir, Schedule(order)) == tasks


def test_random_order_depends_on_the_seed_alone(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(INDEPENDENT)
    first = executed(golden_dir, Schedule("random", 1))
    assert sorted(first) == list(range(20)) != first
    assert executed(golden_dir, Schedule("random", 1)) == first
    assert executed(golden_dir, Schedule("random", 2)) != first


@pytest.mark.parametrize("order", ["fifo", "lifo", "random", "reverse"])
def test_order_on_many_threads(golden_dir: GoldenDir, order: Order) -> None:
    golden_dir.orchestration_body(INDEPENDENT)
    settings = Settings(threads=4, schedule=Schedule(order))
    assert run_case(golden_dir.path, settings=settings).passed


def test_failure_says_how_to_repeat_it(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(INDEPENDENT)
    golden_dir.kernel_body('throw std::runtime_error("bad order");')
    settings = Settings(schedule=Schedule("random", 42))
    with pytest.raises(
        KernelException,
        match=r"bad order(.|\n)*\nschedule .*--sim-schedule=random:42 --sim-threads=1",
    ):
        run_case(golden_dir.path, settings=settings)


def test_mismatch_says_how_to_repeat_it(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.kernel_body("y[0] = x[0] + 1;")
    result = pytester.runpytest("--sim-schedule=random")
    result.stdout.re_match_lines(
        [
            r"a2a3sim: .*, 1 thread, schedule random:\d+, compiler: .*",
            r" *schedule random:\d+: --sim-schedule=random:\d+ --sim-threads=1 repeats .*",
        ]
    )


def test_a_thread_per_core(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(INDEPENDENT)
    timeline = run_case(golden_dir.path, settings=Settings(threads="cores")).timeline
    block_dim = 2  # of the golden directory
    assert (timeline["thread"] == timeline["core_id"] + block_dim).all()


def test_cores_option(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    result = pytester.runpytest("--sim-threads=cores")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["a2a3sim: *, a thread per core, *"])
