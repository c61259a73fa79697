"""The example of compare_outputs in docs/authoring.md is part of a golden.py that passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from tests.docs.markdown_pages import CHECKOUT, blocks

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

GOLDEN = """
TENSOR_ORDER = ["x", "out_y", "out_count"]


def generate_inputs(params):
    return {
        "x": np.arange(8, dtype=np.float32),
        "out_y": np.zeros(8, np.float32),
        "out_count": np.zeros(8, np.int32),
    }


def compute_golden(tensors, params):
    tensors["out_count"][:] = 5
    tensors["out_y"][:5] = 2 * tensors["x"][:5]
"""
ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    uint64_t task[3];
    for (int i = 0; i < 3; ++i) {
        task[i] = reinterpret_cast<uint64_t>(runtime->host_api.device_malloc(args[3 + i]));
    }
    runtime->host_api.copy_to_device(
        reinterpret_cast<void*>(task[0]), reinterpret_cast<void*>(args[0]), args[3]);
    runtime->add_task(task, 3, 0, CoreType::AIV);
    for (int i = 1; i < 3; ++i) {
        runtime->record_tensor_pair(
            reinterpret_cast<void*>(args[i]), reinterpret_cast<void*>(task[i]), args[3 + i]);
    }
    return 0;
}
"""
KERNEL = """
for (int i = 0; i < 5; ++i) y[i] = 2 * x[i];
int32_t* count = reinterpret_cast<int32_t*>(args[2]);
for (int i = 0; i < 8; ++i) count[i] = COUNT;
"""


@pytest.mark.parametrize(("count", "passed"), [(5, True), (6, False)])
def test_example_of_compare_outputs(golden_dir: GoldenDir, count: int, passed: bool) -> None:  # noqa: FBT001 - an expectation
    (example,) = (
        block.text
        for block in blocks(CHECKOUT / "docs" / "authoring.md")
        if "def compare_outputs" in block.text
    )
    golden_dir.extend_golden(GOLDEN)
    golden_dir.extend_golden(example)
    golden_dir.orchestration(ORCHESTRATION)
    golden_dir.kernel_body(KERNEL.replace("COUNT", str(count)))
    result = run_case(golden_dir.path)
    assert result.passed is passed
    assert {diff.name: diff.left_out for diff in result.diffs} == {"out_y": 3, "out_count": 0}
