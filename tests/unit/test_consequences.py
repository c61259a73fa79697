"""Which races another one's edge would mend: as told by trying each pair of races."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim.failures import consequences
from pytest_a2a3sim.model.recording import Recording
from pytest_a2a3sim.model.sanitized import RawFinding
from tests.sanitizer.oracle import reachable
from tests.sanitizer.task_graphs import TaskGraph

if TYPE_CHECKING:
    from tests.sanitizer.oracle import Pair


def recording_of(tasks: int, edges: list[Pair]) -> Recording:
    successors = [[b for a, b in edges if a == task] for task in range(tasks)]
    begins = np.cumsum([0, *map(len, successors)])
    return Recording(
        decode=lambda tasks: np.empty(len(tasks), np.void),
        func_ids=np.zeros(tasks, np.int32),
        first_successor=begins.astype(np.uint32),
        successors=np.array([b for each in successors for b in each], np.int32),
        kernels={},
        block_dim=1,
    )


def race(earlier: int, later: int) -> RawFinding:
    return RawFinding(
        check="racecheck",
        kind="raw",
        tasks=(min(earlier, later), max(earlier, later)),
        place="unknown",
        is_reversed=earlier > later,
        is_consequence=False,
        writer=None,
        tensor=None,
        tensor_offset=0,
        buffer=0,
        offset=0,
        span=1,
        bytes=1,
        codes=(0, 0),
        submitters=(0, 0),
    )


@pytest.mark.parametrize("at_once", [1, 3, 4096])
@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed: int, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consequences, "_AT_ONCE", at_once)
    random = Random(seed)
    tasks = random.randint(2, 14)
    order = random.sample(range(tasks), tasks)
    pairs = [(a, b) for i, a in enumerate(order) for b in order[i + 1 :]]
    edges = [pair for pair in pairs if random.random() < 0.15]
    after = reachable(TaskGraph((), ((),) * tasks), tuple(edges))
    unordered = [(a, b) for a, b in pairs if b not in after[a] and random.random() < 0.6]

    def leads(a: int, b: int) -> bool:
        return a == b or b in after[a]

    expected = [
        any(leads(a, c) and leads(d, b) for c, d in unordered if (c, d) != (a, b))
        for a, b in unordered
    ]
    found = consequences.ordered_by_others(
        [race(a, b) for a, b in unordered], recording_of(tasks, edges)
    )
    assert found == expected
