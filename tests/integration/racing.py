"""Golden directories whose tasks race, though their outputs match in the order of their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

CONFIG = """
KERNELS = [
    {"func_id": 0, "source": "double.cpp", "core_type": "aiv"},
    {"func_id": 1, "source": "add.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 4}
"""
ADD = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] += x[i];
}
"""
TRIPLES = """
def compute_golden(tensors, params):
    tensors["out_y"][:] = 3 * tensors["x"]
"""
EDGE = "runtime->add_successor(writes, adds);"


def race(directory: GoldenDir, edge: str = "") -> None:
    """Task 0 (double) writes y, and task 1 (add) adds x to it: 3 x, in that order alone."""
    directory.kernel_config(CONFIG)
    directory.kernel(ADD, "add.cpp")
    directory.orchestration_body(
        f"""
        int writes = runtime->add_task(task, 3, 0, CoreType::AIV);
        int adds = runtime->add_task(task, 3, 1, CoreType::AIV);
        {edge}
        (void)writes;
        (void)adds;
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    directory.extend_golden(TRIPLES)
