"""Golden directories of two tasks that race, and what is known of either order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.model.schedule import Schedule

if TYPE_CHECKING:
    from pytest_a2a3sim import CaseResult
    from pytest_a2a3sim.model.witness import Witness
    from tests.golden_dirs import GoldenDir

CONFIG = """
KERNELS = [
    {"func_id": 0, "source": "double.cpp", "core_type": "aiv"},
    {"func_id": 1, "source": "next.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
"""
NEXT = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i] + 1;
}
"""
# between holds x, and what a task writes into it.
FRAME = """
    void* between = api.device_malloc(args[2]);
    api.copy_to_device(between, host_x, args[2]);
    const auto add = [&](int func_id, void* from, void* to) {
        const auto address = [](void* buffer) { return reinterpret_cast<uint64_t>(buffer); };
        uint64_t each[] = {address(from), address(to), args[4]};
        return runtime->add_task(each, 3, func_id, CoreType::AIV);
    };
"""
END = """
    runtime->record_tensor_pair(host_y, y, args[3]);
    return 0;
"""
RAW = "add(0, x, between); add(1, between, y);"
WAR = "add(1, between, y); add(0, x, between);"
WAW = "add(0, x, y); add(1, x, y);"
FORWARD, BACKWARD = Schedule.before(0, 1), Schedule.before(1, 0)
RACECHECK = Settings(threads=1, sanitize=("racecheck",), witness=True)


def racing(golden_dir: GoldenDir, tasks: str, expected: str) -> None:
    """x is 0, 1, ..., 7; out_y is expected to be a function of it."""
    golden_dir.kernel_config(CONFIG)
    golden_dir.kernel(NEXT, "next.cpp")
    golden_dir.orchestration_body(FRAME + tasks + END)
    golden_dir.extend_golden(
        f"def compute_golden(tensors, params):\n"
        f'    x = tensors["x"]\n    tensors["out_y"][:] = {expected}\n'
    )


def witnesses_of(result: CaseResult) -> list[Witness | None]:
    assert result.sanitizer is not None
    return [finding.witness for finding in result.sanitizer.findings]


def witness_of(golden_dir: GoldenDir) -> Witness:
    (witness,) = witnesses_of(run_case(golden_dir.path, settings=RACECHECK))
    assert witness is not None
    return witness
