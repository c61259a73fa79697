"""Which tasks a wrong element comes from."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIG = """
KERNELS = [
    {"func_id": 0, "name": "DOUBLE", "source": "double.cpp", "core_type": "aiv"},
    {"func_id": 1, "name": "WRONG", "source": "wrong.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
"""

WRONG = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = i == 3 ? 99 : x[i];
}
"""

# Task 0 doubles x into a buffer, task 1 copies that to y but for one element; task 2 is apart.
ORCHESTRATION = """
void* middle = api.device_malloc(args[2]);
void* aside = api.device_malloc(args[2]);
const auto address = [](void* p) { return reinterpret_cast<uint64_t>(p); };
uint64_t first[] = {address(x), address(middle), args[4]};
uint64_t second[] = {address(middle), address(y), args[4]};
uint64_t third[] = {address(x), address(aside), args[4]};
runtime->add_task(first, 3, 0, CoreType::AIV);
runtime->add_task(second, 3, 1, CoreType::AIV);
runtime->add_task(third, 3, 0, CoreType::AIV);
runtime->add_successor(0, 1);
runtime->add_successor(0, 2);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def create(pytester: pytest.Pytester) -> GoldenDir:
    golden = GoldenDir.create(pytester.path / "chain")
    golden.kernel_config(CONFIG)
    golden.kernel(WRONG, "wrong.cpp")
    golden.orchestration_body(ORCHESTRATION)
    return golden


@pytest.mark.parametrize("options", [["--sim-blame"], ["--sim-sanitize=all"]])
def test_chain_of_tasks(pytester: pytest.Pytester, options: Sequence[str]) -> None:
    """From the last writer to the input, without the task that has no part in it."""
    create(pytester)
    result = pytester.runpytest_subprocess("chain", *options)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "blame: out_y[[]3[]] (first mismatch) was written last by task 1 (WRONG)",
            "  task 1 (WRONG): buffer #2, buffer #1, 8",
            "    read 28 bytes of buffer #2 from task 0 (DOUBLE)",
            "  task 0 (DOUBLE): buffer #0, buffer #2, 8",
            "    read 32 bytes of buffer #0, copied from the host ('x')",
            "    its inputs are as they were copied to the device",
        ],
        consecutive=True,
    )
    result.stdout.no_fnmatch_line("*task 2*")


def test_ini_key(pytester: pytest.Pytester) -> None:
    create(pytester)
    pytester.makeini("[pytest]\nsim_blame = true\n")
    result = pytester.runpytest_subprocess("chain")
    result.stdout.fnmatch_lines(["blame: out_y*was written last by task 1 (WRONG)"])


def test_matching_outputs_blame_nobody(pytester: pytest.Pytester) -> None:
    golden = create(pytester)
    golden.kernel(WRONG.replace("i == 3 ? 99 : x[i]", "x[i]"), "wrong.cpp")
    result = pytester.runpytest_subprocess("chain", "--sim-blame")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("blame*")


def profile_data(pytester: pytest.Pytester) -> pytest.RunResult:
    command = (sys.executable, "-m", "pytest_a2a3sim.cli", "profile", "--data")
    return pytester.run(*command, "-k", "chain/kernels", "-g", "chain/golden.py")


def test_work_that_does_nothing(pytester: pytest.Pytester) -> None:
    """The edge to a task that has no part in anything, that task, and its buffer."""
    create(pytester)
    result = profile_data(pytester)
    result.stdout.fnmatch_lines(
        [
            "Work that does nothing, for these inputs:",
            "  edges with no data behind them: 1",
            "    task 0 (DOUBLE) -> task 2 (DOUBLE): without it the critical path is *",
            "  buffers that nobody reads: 1",
            "    #3 (32 bytes), call 4 of device_malloc at *orchestration.cpp:*",
            "  copies to the device that no task reads: none",
            "  bytes written twice without a read between: none",
            "  tasks whose results reach no output: 1",
            "    task 2 (DOUBLE)",
        ],
        consecutive=True,
    )


def test_bytes_that_are_replaced_unread(pytester: pytest.Pytester) -> None:
    """A copy that a task overwrites, a result that another one replaces, a copy nobody reads."""
    golden = create(pytester)
    golden.orchestration_body(
        """
        void* unread = api.device_malloc(args[2]);
        api.copy_to_device(unread, host_x, args[2]);
        api.copy_to_device(y, host_y, args[3]);
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->add_successor(0, 1);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    result = profile_data(pytester)
    result.stdout.fnmatch_lines(
        [
            "  edges with no data behind them: none",
            "  buffers that nobody reads: none",
            "  copies to the device that no task reads: 2",
            "    #1 (32 bytes), *",
            "    #2 (32 bytes), *",
            "  bytes written twice without a read between: 2",
            "    32 bytes of #1 (32 bytes), *: by a copy from the host, then by task 0 (DOUBLE)",
            "    32 bytes of #1 (32 bytes), *: by task 0 (DOUBLE), then by task 1 (DOUBLE)",
            "  tasks whose results reach no output: 1",
            "    task 0 (DOUBLE)",
        ],
        consecutive=True,
    )
