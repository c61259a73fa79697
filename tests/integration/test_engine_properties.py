"""What holds for every graph, whatever the number of threads.

One golden directory builds whatever graph its inputs describe. Each task draws a number from a
counter in device memory when it starts and one when it ends, so that the order of events is known
without a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from pytest_a2a3sim import GraphError, Settings
from pytest_a2a3sim.model.schedule import DEPTH_FIRST, Schedule
from pytest_a2a3sim.simulator import Simulator
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from pytest_a2a3sim import CaseResult

GOLDEN = """
import numpy as np

TENSOR_ORDER = ["core_types", "edges", "out_events"]


def generate_inputs(params):
    core_types = np.array(params["core_types"], dtype=np.int32)
    edges = np.array(params["edges"], dtype=np.int32).reshape(-1, 2)
    return {
        "core_types": core_types,
        "edges": edges if len(edges) else np.full((1, 2), -1, dtype=np.int32),
        "out_events": np.zeros((len(core_types) + 1, 3), dtype=np.int64),
    }


def compute_golden(tensors, params):
    events = tensors["out_events"]
    events[0] = [2 * len(params["core_types"]), 0, 0]
    events[1:, 2] = 1
"""

KERNEL_CONFIG = """
KERNELS = [
    {"func_id": 0, "source": "event.cpp", "core_type": "aic", "name": "CUBE"},
    {"func_id": 1, "source": "event.cpp", "core_type": "aiv", "name": "VECTOR"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 16}
"""

# A row of events: number drawn at the start, number drawn at the end, executions.
KERNEL = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    int64_t* const counter = reinterpret_cast<int64_t*>(args[0]);
    int64_t* const row = counter + 3 * args[1];
    row[0] = __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
    ++row[2];
    row[1] = __atomic_fetch_add(counter, 1, __ATOMIC_SEQ_CST);
}
"""

ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    const int32_t* const core_types = reinterpret_cast<const int32_t*>(args[0]);
    const int32_t* const edges = reinterpret_cast<const int32_t*>(args[1]);
    void* const events = runtime->host_api.device_malloc(args[5]);
    runtime->host_api.copy_to_device(events, reinterpret_cast<void*>(args[2]), args[5]);
    for (uint64_t i = 0; i < args[3] / 4; ++i) {
        uint64_t task[] = {reinterpret_cast<uint64_t>(events), i + 1};
        runtime->add_task(task, 2, core_types[i], static_cast<CoreType>(core_types[i]));
    }
    for (uint64_t i = 0; i < args[4] / 8; ++i) {
        if (edges[2 * i] >= 0) runtime->add_successor(edges[2 * i], edges[2 * i + 1]);
    }
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[2]), events, args[5]);
    return 0;
}
"""


@dataclass(frozen=True)
class RandomGraph:
    core_types: tuple[int, ...]  # by task: 0 AIC, 1 AIV
    edges: tuple[tuple[int, int], ...]


@st.composite
def graphs(draw: st.DrawFn) -> RandomGraph:
    """Acyclic graphs whose ids are in no particular order; edges may be there twice."""
    core_types = draw(st.lists(st.integers(0, 1), min_size=1, max_size=60))
    ids = draw(st.permutations(range(len(core_types))))
    position = st.integers(0, len(ids) - 1)
    pairs = draw(st.lists(st.tuples(position, position), max_size=150))
    edges = [(ids[min(pair)], ids[max(pair)]) for pair in pairs if pair[0] != pair[1]]
    return RandomGraph(tuple(core_types), tuple(edges))


WIDE = RandomGraph((0,) + (1,) * 500, tuple((0, task) for task in range(1, 501)))
NARROW = RandomGraph((1,) * 500 + (0,), tuple((task, 500) for task in range(500)))
CHAIN = RandomGraph((0, 1) * 250, tuple((task, task + 1) for task in range(499)))
INDEPENDENT = RandomGraph((0, 1, 1) * 200, ())


class GraphRunner:
    """Runs graphs without compiling anything twice."""

    def __init__(self, directory: GoldenDir, threads: int) -> None:
        self.directory = directory
        self.simulator = Simulator(Settings(threads=threads))

    def run(self, graph: RandomGraph, schedule: Schedule = DEPTH_FIRST) -> CaseResult:
        params = {"core_types": graph.core_types, "edges": graph.edges}
        self.simulator.settings = replace(self.simulator.settings, schedule=schedule)
        return self.simulator.run_case(self.directory.path, params=params)

    def executed(self, graph: RandomGraph, schedule: Schedule) -> list[int]:
        """Ids of the tasks in the order in which they started."""
        start = self.run(graph, schedule).actual["out_events"][1:, 0]
        return [int(task) for task in np.argsort(start)]


@pytest.fixture(scope="module", params=[1, 2, 4, 16])
def runner(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GraphRunner]:
    directory = GoldenDir(tmp_path_factory.mktemp("properties") / "events")
    directory.golden(GOLDEN)
    directory.kernel_config(KERNEL_CONFIG)
    directory.kernel(KERNEL, "event.cpp")
    directory.orchestration(ORCHESTRATION)
    runner = GraphRunner(directory, request.param)
    yield runner
    runner.simulator.close()


PROPERTY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@PROPERTY
@given(graph=graphs())
@example(graph=WIDE)
@example(graph=NARROW)
@example(graph=CHAIN)
@example(graph=INDEPENDENT)
def test_every_schedule(runner: GraphRunner, graph: RandomGraph) -> None:
    result = runner.run(graph)
    events: npt.NDArray[np.int64] = result.actual["out_events"]
    start, end, executions = events[1:].T
    timeline = result.timeline
    tasks = len(graph.core_types)
    assert (result.graph.tasks, result.graph.edges) == (tasks, len(graph.edges))
    assert len(timeline) == tasks

    assert (executions == 1).all(), "each task runs exactly once"
    assert sorted([*start, *end]) == list(range(2 * tasks)), "no task runs in another's place"
    for task, successor in graph.edges:
        assert end[task] < start[successor], f"{successor} started before {task} ended"

    assert list(timeline["core_type"]) == list(graph.core_types), "a core of the task's type"
    assert list(timeline["func_id"]) == list(graph.core_types)
    assert (timeline["core_id"] >= 0).all()
    assert (timeline["core_id"] < 16 * (1 + timeline["core_type"])).all(), "a core that exists"
    assert (timeline["start"] >= 0).all()
    assert (timeline["start"] <= timeline["end"]).all()
    cores = np.stack([timeline["core_type"], timeline["core_id"]], axis=1)
    for core in np.unique(cores, axis=0):
        of_core = np.flatnonzero((cores == core).all(axis=1))
        in_order = of_core[np.argsort(start[of_core])]
        assert (end[in_order[:-1]] < start[in_order[1:]]).all(), f"two tasks at once on {core}"
        assert (timeline["end"][in_order[:-1]] <= timeline["start"][in_order[1:]]).all()


@PROPERTY
@given(graph=graphs(), data=st.data())
@pytest.mark.parametrize("runner", [1], indirect=True)
def test_every_cycle_is_found(runner: GraphRunner, graph: RandomGraph, data: st.DataObject) -> None:
    tasks = len(graph.core_types)
    cycle = data.draw(st.lists(st.integers(0, tasks - 1), min_size=1, max_size=8, unique=True))
    closed = tuple(zip(cycle, [*cycle[1:], cycle[0]], strict=True))
    with pytest.raises(GraphError, match=r"the graph has a cycle of \d+ task"):
        runner.run(RandomGraph(graph.core_types, graph.edges + closed))


def tasks_after(graph: RandomGraph, task: int) -> set[int]:
    """Those that wait for it, itself aside."""
    found: set[int] = set()
    waiting = [task]
    while waiting:
        last = waiting.pop()
        new = {after for before, after in graph.edges if before == last} - found
        found |= new
        waiting += new
    return found


@PROPERTY
@given(graph=graphs(), data=st.data())
@pytest.mark.parametrize("runner", [1], indirect=True)
def test_before_differs_from_its_reverse_in_nothing_else(
    runner: GraphRunner, graph: RandomGraph, data: st.DataObject
) -> None:
    tasks = range(len(graph.core_types))
    assume(len(tasks) > 1)
    one, other = data.draw(st.lists(st.sampled_from(tasks), min_size=2, max_size=2, unique=True))
    after = [tasks_after(graph, task) for task in tasks]
    if one in after[other]:
        one, other = other, one
    order = runner.executed(graph, Schedule.before(one, other))
    assert sorted(order) == list(tasks)
    assert all(order.index(task) < order.index(then) for task, then in graph.edges)
    begin, end = order.index(one), order.index(other)
    if other in after[one]:
        between = {task for task in after[one] if other in after[task]}
        assert set(order[begin + 1 : end]) == between
        with pytest.raises(GraphError, match=f"the graph orders task {one} before task {other}"):
            runner.run(graph, Schedule.before(other, one))
    else:
        assert end == begin + 1
        swapped = [*order[:begin], other, one, *order[end + 1 :]]
        assert runner.executed(graph, Schedule.before(other, one)) == swapped
