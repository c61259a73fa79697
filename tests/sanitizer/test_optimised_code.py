"""What the optimised code reads and the source does not is no race."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.golden_dirs import GoldenDir
from tests.sanitizer.reports import sanitize

if TYPE_CHECKING:
    import pytest

GOLDEN = """
import numpy as np

def generate_inputs(params):
    return {"x": np.arange(4096, dtype=np.float32), "out_y": np.zeros(2, dtype=np.float32)}

def compute_golden(tensors, params):
    tensors["out_y"][0] = tensors["x"][::2].astype(np.float64).sum()
    tensors["out_y"][1] = tensors["x"][0]

RTOL = 1e-4
"""

# Vectorised, the sum loads whole vectors of which every other element is another task's.
SUM = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    float sums[8] = {};
    for (int64_t i = 0; i < 2048; i += 8) {
        for (int64_t lane = 0; lane < 8; ++lane) sums[lane] += x[2 * (i + lane)];
    }
    float sum = 0;
    for (float each : sums) sum += each;
    y[0] = sum;
}
"""

NEGATE = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    float* x = reinterpret_cast<float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < 2048; ++i) x[2 * i + 1] = -x[2 * i + 1];
    y[1] = FIRST;
}
"""

CONFIG = """
KERNELS = [
    {"func_id": 0, "name": "SUM", "source": "sum.cpp", "core_type": "aiv"},
    {"func_id": 1, "name": "NEGATE", "source": "negate.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
"""

ORCHESTRATION = """
api.copy_to_device(y, host_y, args[3]);
runtime->add_task(task, 2, 0, CoreType::AIV);
runtime->add_task(task, 2, 1, CoreType::AIV);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def test_elements_between(pytester: pytest.Pytester) -> None:
    """Each task has every other element; a third access of one element makes it a race."""
    for name, first in (("apart", "0"), ("together", "x[0] = 0")):
        golden = GoldenDir.create(pytester.path / name)
        golden.golden(GOLDEN)
        golden.kernel_config(CONFIG)
        golden.kernel(SUM, "sum.cpp")
        golden.kernel(NEGATE.replace("FIRST", first), "negate.cpp")
        golden.orchestration_body(ORCHESTRATION)
    apart = sanitize(pytester, "apart")
    assert [case.findings() for case in apart.values()] == [[]]
    together = sanitize(pytester, "together")
    (races,) = [case.races for case in together.values()]
    found = {pair: (race["kind"], race["offset"], race["bytes"]) for pair, race in races.items()}
    assert found == {(0, 1): ("WAR", 0, 4)}
