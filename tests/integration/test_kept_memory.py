"""Memory of large graphs is kept for later cases of the session: none finds what is not its own."""

from __future__ import annotations

import os
import warnings
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import CaseResult, Settings, Simulator
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.model.between_cases import BetweenCases
from tests.runtimes.test_core_args import core_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from tests.golden_dirs import GoldenDir

LARGE, LARGER, SMALL = 100_000, 250_000, 5

# Each task adds its number, which is its third argument, after the one before and, at times, after
# an earlier one too.
ADDS = "y[0] += args[2];\n"
BUILD = """\
    const auto tasks = static_cast<int>(args[4]);
    api.copy_to_device(y, host_y, args[3]);
    for (int i = 0; i < tasks; ++i) {
        task[2] = i;
        runtime->add_task(task, 3, 0, CoreType::AIV);
        if (i > 0) runtime->add_successor(i - 1, i);
        if (i > 9 && i % 3 == 0) runtime->add_successor(i - 7, i);
    }
    runtime->record_tensor_pair(host_y, y, args[3]);
    return 0;
"""
# The tasks run in a process of their own for the value that the orchestration asks for.
ASKS = {
    "a value": (
        """
        const uint32_t zero[1] = {0};
        scale(x, y, 1);
        for (int i = 0; i < 10; ++i) {
            PTO2_SCOPE() {
                for (int j = 0; j < 10'000; ++j) {
                    CoreTaskArgs again;
                    again.add_inout(y, y);
                    again.add_scalar(j % 2 == 0 ? 2.0f : 0.5f);
                    rt_submit_aiv_task(SCALE, again);
                }
            }
        }
        if (get_tensor_data<float>(y, 1, zero) != 1.0f) return;
        scale(y, y, 1);
        """,
        "",
    )
}

GOLDEN = """
import numpy as np


def generate_inputs(params):
    return {
        "x": np.zeros(params["tasks"]),
        "out_y": np.zeros(8),
    }


def compute_golden(tensors, params):
    tasks = params["tasks"]
    tensors["out_y"][0] = tasks * (tasks - 1) / 2
"""


def writes(directory: GoldenDir) -> None:
    (directory.path / "golden.py").write_text(GOLDEN)
    (directory.path / "kernels" / "double.cpp").write_text(
        '#include <cstdint>\nextern "C" void kernel_entry(int64_t* args) {\n'
        f"    double* const y = reinterpret_cast<double*>(args[1]);\n    {ADDS}}}\n"
    )
    directory.orchestration_body(BUILD)


class Session:
    """Cases that one process server starts."""

    def __init__(self) -> None:
        self._between = BetweenCases()
        self._simulator = Simulator(Settings(schedule="reverse"))

    def close(self) -> None:
        self._simulator.close()
        self._between.close()

    def run(self, path: Path, **params: int) -> CaseResult:
        golden, case = load_case(path, params=params)
        result = self._simulator.attempt(golden, case, between=self._between).get()
        assert result.passed, result
        return result


def are_in_order(times: npt.NDArray[np.void]) -> bool:
    """Whether each task ran after the one before."""
    return bool((times["start"][1:] >= times["end"][:-1]).all())


def descriptors() -> int:
    """How many this process has."""
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def session() -> Iterator[Session]:
    with closing(Session()) as opened:
        yield opened


def test_graphs_of_all_sizes(doubler: GoldenDir, session: Session) -> None:
    writes(doubler)
    for tasks in (SMALL, LARGE, SMALL, LARGER, LARGE, SMALL, LARGER):
        graph = session.run(doubler.path, tasks=tasks).graph
        assert graph.tasks == tasks
        assert graph.edges == tasks - 1 + len(range(12, tasks, 3))


def test_recording_outlives_later_cases(doubler: GoldenDir, session: Session) -> None:
    writes(doubler)
    first = [session.run(doubler.path, tasks=tasks).recording for tasks in (LARGE, SMALL, LARGE)]
    before = [(each.decode(range(each.tasks)), each.successors.copy()) for each in first]
    for tasks in (LARGER, LARGE, LARGE, SMALL):
        session.run(doubler.path, tasks=tasks)
    for recording, (times, successors) in zip(first, before, strict=True):
        np.testing.assert_array_equal(recording.decode(range(recording.tasks)), times)
        np.testing.assert_array_equal(recording.successors, successors)
        assert are_in_order(times)


def test_copy_of_the_process_reads_a_recording(doubler: GoldenDir, session: Session) -> None:
    """Its original has none any more, and runs other cases."""
    writes(doubler)
    kept = [session.run(doubler.path, tasks=tasks).recording for tasks in (50, 60)]
    before = [each.decode(range(each.tasks)) for each in kept]
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # there may be other threads
        copy = os.fork()
    if copy == 0:
        os.close(writing)
        os.read(reading, 1)  # until the original has closed it
        same = [
            np.array_equal(each.decode(range(each.tasks)), times)
            for each, times in zip(kept, before, strict=True)
        ]
        os._exit(0 if all(same) else 1)
    os.close(reading)
    del kept
    for _ in range(3):
        session.run(doubler.path, tasks=40)
    os.close(writing)
    assert os.waitpid(copy, 0)[1] == 0


def test_results_that_are_kept_have_no_descriptors(doubler: GoldenDir, session: Session) -> None:
    writes(doubler)
    kept = [session.run(doubler.path, tasks=SMALL) for _ in range(3)]
    before = descriptors()
    kept += [session.run(doubler.path, tasks=SMALL) for _ in range(8)]
    assert descriptors() <= before
    assert all(result.passed for result in kept)


def test_process_that_runs_ahead(tmp_path: Path, session: Session) -> None:
    """It has the graph as it was, to itself."""
    directory = core_dir(tmp_path / "case", tmp_path, "a value", ASKS, "tensormap_and_ringbuffer")
    for _ in range(3):
        times = session.run(directory.path).timeline
        assert times.size == 100_002
        assert are_in_order(times)
