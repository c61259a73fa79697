"""``--sim-schedule`` and ``--sim-threads=cores``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import GraphError, KernelException, Settings, run_case
from pytest_a2a3sim.model.schedule import Order, Schedule

if TYPE_CHECKING:
    from pytest_a2a3sim.model.values import Threads
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


@pytest.mark.parametrize(
    ("first", "second", "tasks"),
    [
        (2, 1, [2, 1, 4, 5, 0, 3]),  # the second one waits
        (1, 2, [1, 2, 4, 5, 0, 3]),
        (2, 4, [1, 2, 4, 5, 0, 3]),  # what the second one waits for comes before the first
        (0, 4, [1, 2, 5, 3, 0, 4]),  # when it is the turn of the higher id
        (4, 0, [1, 2, 5, 3, 4, 0]),
        (5, 3, [1, 2, 4, 5, 3, 0]),  # the graph orders them so
    ],
)
def test_before(golden_dir: GoldenDir, first: int, second: int, tasks: list[int]) -> None:
    golden_dir.orchestration_body(FOREST)
    assert executed(golden_dir, Schedule.before(first, second)) == tasks


def test_before_with_tasks_in_between(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        """
        for (int i = 0; i < 6; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->add_successor(1, 5);
        runtime->add_successor(5, 4);
        runtime->add_successor(2, 5);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    assert executed(golden_dir, Schedule.before(1, 4)) == [0, 2, 3, 1, 5, 4]


@pytest.mark.parametrize("threads", [2, 4, "cores"])
def test_before_on_many_threads(golden_dir: GoldenDir, threads: Threads) -> None:
    golden_dir.orchestration_body(INDEPENDENT)
    settings = Settings(threads=threads, schedule=Schedule.before(7, 3))
    assert run_case(golden_dir.path, settings=settings).passed


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ((0, 6), r"schedule before:0,6: the graph has no task 6; it has 6, numbered from 0"),
        ((77, 1), r"schedule before:77,1: the graph has no task 77; it has 6, numbered from 0"),
        (
            (4, 1),
            (
                r"schedule before:4,1: the graph orders task 1 before task 4: "
                r"task 1 \(double\) -> task 4 \(double\)\n"
            ),
        ),
    ],
)
def test_before_that_the_graph_contradicts(
    golden_dir: GoldenDir, tasks: tuple[int, int], message: str
) -> None:
    golden_dir.orchestration_body(FOREST)
    with pytest.raises(GraphError, match=message):
        executed(golden_dir, Schedule.before(*tasks))


def test_a_long_way_between_the_tasks_is_shortened(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        """
        for (int i = 0; i < 40; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
        for (int i = 1; i < 40; ++i) runtime->add_successor(i - 1, i);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    with pytest.raises(GraphError, match=r"-> task 11 \(double\) -> 27 more -> task 39 \(double\)"):
        executed(golden_dir, Schedule.before(39, 0))


def test_before_option(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.orchestration_body(FOREST)
    result = pytester.runpytest("--sim-schedule=before:2,1")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["a2a3sim: *, 1 thread, schedule before:2,1, *"])
    result = pytester.runpytest("--sim-schedule=before:3,5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["schedule before:3,5: the graph orders task 5 before task 3: task 5 * -> task 3 *"]
    )


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
