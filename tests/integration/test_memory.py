"""A session keeps records of its cases, not their tensors, nor memory of the engine.

Python's garbage collector is off here: it comes by so seldom that a circle of references would keep
the tensors of dozens of cases.
"""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import GoldenError, Settings, Simulator, run_case
from pytest_a2a3sim.loading.golden import load_golden

if TYPE_CHECKING:
    from pytest_a2a3sim.model.values import Isolation
    from tests.golden_dirs import GoldenDir

CONFTEST = """
import gc
from pathlib import Path

from pytest_a2a3sim.model.case import CaseInputs
from pytest_a2a3sim.model.recording import Recording


gc.disable()


def mappings():
    return len(Path("/proc/self/maps").read_text().splitlines())


def pytest_runtest_logfinish(nodeid, location):
    alive = [sum(isinstance(each, kind) for each in gc.get_objects())
             for kind in (CaseInputs, Recording)]
    with open("alive", "a") as file:
        print(*alive, mappings(), file=file)
"""


def test_cases_leave_nothing_but_their_records(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.makeconftest(textwrap.dedent(CONFTEST))
    doubler.extend_golden(
        """
        PARAMS_LIST = [{"n": n} for n in range(12)]

        def compute_golden(tensors, params):
            tensors["out_y"][:] = 2 * tensors["x"] + (params["n"] % 3 == 0)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=8, failed=4)
    rows = [line.split() for line in (pytester.path / "alive").read_text().splitlines()]
    inputs, recordings, maps = zip(*(map(int, row) for row in rows), strict=True)
    assert len(rows) == 12
    assert max(inputs) <= 1  # the last failure's traceback, which Python keeps for debuggers
    assert max(recordings) <= 1
    assert maps[-1] <= maps[2] + 4  # Python's own allocations come and go


LARGE = """
PARAMS_LIST = [{"name": "right", "more": 0}, {"name": "wrong", "more": 1}]


def generate_inputs(params):
    return {"x": np.ones(1 << 23, np.float32), "out_y": np.ones(1 << 23, np.float32)}


def compute_golden(tensors, params):
    np.multiply(tensors["x"], 2, out=tensors["out_y"])
    tensors["out_y"][-3] += params["more"]
"""
TENSOR_KIB = 4 * (1 << 23) // 1024
PEAK = """
import sys

from pytest_a2a3sim import run_case


def peak():
    with open("/proc/self/status") as file:
        return int(file.read().split("VmHWM:")[1].split()[0])


run_case(sys.argv[1])
before = peak()
assert run_case(sys.argv[2], sys.argv[3]).passed is (sys.argv[3] == "right")
print(peak() - before)
"""


def test_a_mismatch_takes_little_more_memory_than_a_match(
    golden_dir: GoldenDir, tmp_path_factory: pytest.TempPathFactory
) -> None:
    small = type(golden_dir).create(tmp_path_factory.mktemp("small"))
    golden_dir.extend_golden(LARGE)
    command = (sys.executable, "-c", PEAK, str(small.path), str(golden_dir.path))
    right, wrong = (
        int(subprocess.run((*command, case), capture_output=True, text=True, check=True).stdout)
        for case in ("right", "wrong")
    )
    assert wrong < right + 4 * TENSOR_KIB  # the case is run again, and looked at


KEEPS = """
    N = 1 << 20
    KEPT = []


    def generate_inputs(params):
        return {"x": np.arange(N, dtype=np.float32), "out_y": np.zeros(N, dtype=np.float32)}


    def compute_golden(tensors, params):
        KEPT.append(tensors["x"])
        tensors["out_y"][:] = 2 * tensors["x"]
        tensors["x"][:] = -1  # its own
"""


@pytest.mark.parametrize("isolate", [True, False])
def test_large_tensors_outlive_their_case(golden_dir: GoldenDir, isolate: bool) -> None:  # noqa: FBT001 - a parameter
    """What compute_golden keeps, and a result's arrays, are nobody else's later."""
    golden_dir.extend_golden(KEEPS)
    settings = Settings(isolate=isolate)
    first, second = (run_case(golden_dir.path, settings=settings) for _ in range(2))
    doubled = 2 * np.arange(1 << 20, dtype=np.float32)
    for result in (first, second):
        assert np.array_equal(result.actual["out_y"], doubled)
        assert np.array_equal(result.expected["out_y"], doubled)
    first.actual["out_y"][:] = 0
    assert np.array_equal(second.actual["out_y"], doubled)
    golden = load_golden(golden_dir.golden_py)
    simulator = Simulator(settings)
    assert simulator.attempt(golden, golden.cases[0]).get().passed
    simulator.close()
    assert [kept.tolist() == [-1.0] * (1 << 20) for kept in golden.module.KEPT] == [True]


# 33 MiB and a few bytes: more than a thread copies at a time. Most of both is zero.
SPARSE = """
    N = (33 << 18) + 3


    def generate_inputs(params):
        x = np.zeros(N, dtype=np.float32)
        x[[0, 5, 1 << 20, (8 << 20) - 1, 8 << 20, N - 1]] = 1, -0.0, 2, 3, 4, 5
        return {"x": x, "out_y": np.where(np.arange(N) < N // 3, np.float32(-0.0), x[::-1])}


    def compute_golden(tensors, params):
        tensors["out_y"][1:] += tensors["x"][1:]
"""


@pytest.mark.parametrize("isolate", [True, False, "fork"])
def test_every_byte_of_large_tensors_is_copied(golden_dir: GoldenDir, isolate: Isolation) -> None:
    """Zeros are not, but negative ones are."""
    golden_dir.extend_golden(SPARSE)
    golden_dir.kernel_body("for (int64_t i = 1; i < args[2]; ++i) y[i] += x[i];")
    golden_dir.orchestration_body(
        """
        api.copy_to_device(y, host_y, args[3]);
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    result = run_case(golden_dir.path, settings=Settings(isolate=isolate, threads=3))
    result.check()
    actual, expected = (each["out_y"].view(np.uint32) for each in (result.actual, result.expected))
    assert np.array_equal(actual, expected)
    assert actual[0] == actual[5] == 1 << 31  # -0.0
    assert actual[-1] == np.float32(6).view(np.uint32)


RESIZED = """
    BUFFER = np.zeros(1 << 20, dtype=np.float32)


    def generate_inputs(params):
        return {"x": BUFFER, "out_y": np.zeros(1 << 20, dtype=np.float32)}


    def compute_golden(tensors, params):
        BUFFER.resize(16, refcheck=False)
        tensors["out_y"][:] = 1  # the case is run again
"""


def test_an_array_that_golden_py_resizes(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden(RESIZED)
    with pytest.raises(GoldenError) as caught:
        run_case(golden_dir.path)
    assert str(caught.value).splitlines() == [
        "golden.py has resized tensor 'x' since generate_inputs returned it",
        "  It has 64 bytes, and had 4,194,304.",
        "Have generate_inputs return an array that nothing changes later.",
    ]
