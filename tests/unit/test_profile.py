"""The analysis of graphs whose durations are known exactly."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.model.recording import Recording
from pytest_a2a3sim.model.spec import CompileSpec, KernelSpec
from pytest_a2a3sim.reporting.profile_text import profile_lines
from pytest_a2a3sim.running.profile import profile_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.profile import Profile
    from pytest_a2a3sim.model.spec import CoreType

AIC, AIV = 0, 1


def kernel(func_id: int, name: str, core_type: CoreType) -> KernelSpec:
    return KernelSpec(func_id, name, core_type, CompileSpec(Path("kernel.cpp")))


TIMELINE = [("start", "f8"), ("end", "f8"), ("core_type", "i2"), ("thread", "i4")]
KERNELS = {AIC: kernel(AIC, "CUBE", "aic"), AIV: kernel(AIV, "VECTOR", "aiv")}


def recording(
    tasks: Sequence[tuple[int, int]], edges: Sequence[tuple[int, int]] = (), block_dim: int = 1
) -> Recording:
    """A recording of tasks (kernel, seconds), executed one after the other on one thread."""
    ends = np.cumsum([seconds for _, seconds in tasks])
    timeline = np.zeros(len(tasks), TIMELINE)
    for task, end, (func_id, seconds) in zip(timeline, ends, tasks, strict=True):
        task["start"], task["end"], task["core_type"] = end - seconds, end, func_id == AIV
    successors = [[to for origin, to in edges if origin == task] for task in range(len(tasks))]
    first = np.cumsum([0, *(len(ids) for ids in successors)])
    return Recording(
        decode=lambda tasks: timeline[tasks],
        func_ids=np.array([func_id for func_id, _ in tasks], dtype=np.int32),
        first_successor=first.astype(np.uint32),
        successors=np.array([to for ids in successors for to in ids], dtype=np.int32),
        kernels=KERNELS,
        block_dim=block_dim,
    )


def makespans(profile: Profile) -> dict[int, float]:
    return {item.block_dim: item.seconds for item in profile.makespans}


def test_chain() -> None:
    profile = profile_of(recording([(AIC, 3), (AIV, 4), (AIC, 5)], [(0, 1), (1, 2)]))
    assert (profile.tasks, profile.edges, profile.threads) == (3, 2, 1)
    assert (profile.seconds, profile.work, profile.critical_seconds) == (12, 12, 12)
    assert profile.critical_path == (0, 1, 2)
    assert profile.average_parallelism == 1
    assert set(makespans(profile).values()) == {12}


def test_independent_tasks_fill_the_cores_of_their_type() -> None:
    profile = profile_of(recording([(AIC, 6)] * 8 + [(AIV, 6)] * 8, block_dim=3))
    assert makespans(profile) == {1: 48, 2: 24, 3: 18, 4: 12, 8: 6, 24: 6}
    assert profile.average_parallelism == 16
    assert profile.makespan.seconds == 18
    assert profile.makespan.aic_utilisation == pytest.approx(8 * 6 / (3 * 18))
    assert profile.makespan.aiv_utilisation == pytest.approx(8 * 6 / (6 * 18))


def test_tasks_start_in_the_order_in_which_they_become_ready() -> None:
    # 0 (1 s) makes 3 ready; 1 and 2 were ready before it: one AIC core takes 0, 1, 2, 3.
    tasks = [(AIC, 1), (AIC, 2), (AIC, 2), (AIC, 1), (AIV, 10)]
    assert makespans(profile_of(recording(tasks, [(0, 3), (3, 4)])))[1] == 16


def test_longest_of_two_paths() -> None:
    # Between 0 and 4 lie tasks 1 and 2 with 2 s each, and task 3 with 5 s.
    tasks = [(AIC, 1), (AIV, 2), (AIV, 2), (AIC, 5), (AIC, 1)]
    profile = profile_of(recording(tasks, [(0, 1), (1, 2), (2, 4), (0, 3), (3, 4)]))
    assert profile.critical_path == (0, 3, 4)
    assert profile.critical_seconds == 7
    cube, vector = profile.kernels
    assert (cube.name, cube.tasks, cube.seconds, cube.critical_seconds) == ("CUBE", 3, 7, 7)
    assert (vector.name, vector.tasks, vector.seconds, vector.critical_seconds) == (
        ("VECTOR", 2, 4, 0)
    )
    assert profile.makespan.seconds == 7
    assert cube.makespan_if_twice_as_fast == 0.5 + 4 + 0.5
    assert vector.makespan_if_twice_as_fast == 7


def test_shortest_time_of_repetitions() -> None:
    runs = [recording([(AIC, 3), (AIC, 9)]), recording([(AIC, 8), (AIC, 2)])]
    assert profile_of(*runs).work == 3 + 2


def test_tasks_that_take_no_time() -> None:
    profile = profile_of(recording([(AIC, 0), (AIV, 0)], [(0, 1)]))
    assert profile.average_parallelism == 1
    assert all(item.aic_utilisation == 0 for item in profile.makespans)
    assert profile_lines(profile)


def test_lines() -> None:
    tasks = [(AIC, 2)] * 4 + [(AIV, 1)]
    profile = profile_of(recording(tasks, [(3, 4)], block_dim=2))
    assert [line.rstrip() for line in profile_lines(profile)] == [
        "5 tasks, 1 edges, executed in 9 s on 1 thread",
        "  work                        9 s   sum of all tasks",
        "  critical path               3 s   2 tasks; no device is faster",
        "  average parallelism         3.0   work / critical path",
        "",
        "By kernel:",
        "  kernel  core  tasks  total  share  mean  critical path  if 2x faster, block_dim 2",
        "    CUBE   AIC      4    8 s    89%   2 s            67%                 3 s (-40%)",
        "  VECTOR   AIV      1    1 s    11%   1 s            33%               4.5 s (-10%)",
        "",
        "On a device of block_dim AIC and twice as many AIV cores (list scheduling):",
        "  block_dim  makespan  speedup  AIC busy  AIV busy",
        "          1       9 s     1.0x       89%        6%",
        "          2       5 s     1.8x       80%        5%  <- this case",
        "          4       3 s     3.0x       67%        4%",
        "          8       3 s     3.0x       33%        2%",
        "         24       3 s     3.0x       11%        1%",
    ]


@given(st.data())
def test_bounds_of_every_list_schedule(data: st.DataObject) -> None:
    tasks = data.draw(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 50)), min_size=1))
    ids = st.integers(0, len(tasks) - 1)
    pairs = data.draw(st.lists(st.tuples(ids, ids)))
    profile = profile_of(recording(tasks, [(a, b) for a, b in pairs if a < b]))
    aic, aiv = (sum(seconds for kind, seconds in tasks if kind == core) for core in (AIC, AIV))
    assert profile.work == aic + aiv
    for item in profile.makespans:
        cores = item.block_dim
        assert item.seconds >= max(profile.critical_seconds, aic / cores, aiv / (2 * cores))
        assert item.seconds <= profile.critical_seconds + aic / cores + aiv / (2 * cores)
