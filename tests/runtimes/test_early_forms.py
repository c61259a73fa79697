"""Orchestrations until the middle of March 2026: arrays of params, and a table of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import A2A3SimError, Simulator
from tests.golden_dirs import GoldenDir
from tests.runtimes.tensor_dirs import A5, GOLDEN, KERNEL_START, tensor_dir
from tests.words import without_breaks

if TYPE_CHECKING:
    from pathlib import Path

SHAPES = "const uint64_t wide[1] = {64}, half[1] = {32}, behind[1] = {32};\n"
ARRAYS = """
pto2_rt_init_tensor_pool(rt);
Tensor from = make_tensor_external(reinterpret_cast<void*>(args[0]), wide, 1, DataType::FLOAT32);
Tensor e = make_tensor(wide, 1, DataType::FLOAT32);
PTO2_SCOPE(rt) {
    PTOParam scale[] = {
        make_input_param(from), make_output_param(e), make_scalar_param(bits(3)),
    };
    pto2_rt_submit_task(rt, SCALE_AIC, PTO2_WORKER_CUBE, scale, 3);
    PTOParam add[] = {make_input_param(e), make_input_param(e), make_output_param(y)};
    pto2_rt_submit_task(rt, ADD, PTO2_WORKER_VECTOR, add, 3);
}
if (e.data().buffer.addr == 0) LOG_ERROR(rt, "no memory");
"""
HALVES = """
for (int i = 0; i < 2; ++i) {
    uint64_t offset[1] = {i * half[0]};
    Tensor from = x.view(half, offset), to = y.view(half, offset);
    PTOParam scale[] = {
        make_input_param(from), make_output_param(to), make_scalar_param(bits(6)),
    };
    if (i == 0) {
        pto2_rt_submit_aiv_task(rt, SCALE, scale, 3);
    } else {
        pto2_rt_submit_task(rt, MixedKernels{SCALE_AIC, INVALID_KERNEL_ID, INVALID_KERNEL_ID},
                            scale, 3);
    }
}
"""
BOXES = """
for (uint64_t i = 0; i < 2; ++i) {
    debug_assert(2 * half[0] == wide[0]);
    const uint64_t at[1] = {i * half[0]};
    Tensor from(reinterpret_cast<void*>(args[0]), 256, wide, half, at, 1, DataType::FLOAT32);
    Tensor to(reinterpret_cast<void*>(args[1]), 256, wide, half, at, 1, DataType::FLOAT32, 0);
    PTOParam scale[] = {make_input_param(from), make_output_param(to), make_scalar_param(bits(6))};
    pto2_rt_submit_aiv_task(rt, SCALE, scale, 3);
}
"""
BETWEEN = """
PTOParam params[] = {make_input_param(x), make_scalar_param(bits(6)), make_output_param(y)};
pto2_rt_submit_aiv_task(rt, NOTHING, params, 3);
"""
SCALES_BETWEEN = """
extern "C" void kernel_entry(int64_t* args) {  // (from, factor, to)
    uint64_t count = 0;
    const float* from = data(args[0], count);
    float* to = data(args[2], count);
    float factor;
    std::memcpy(&factor, &args[1], sizeof factor);
    for (uint64_t i = 0; i < count; ++i) to[i] = factor * from[i];
}
"""


@pytest.mark.parametrize(
    "body", [ARRAYS, HALVES, BOXES, BETWEEN], ids=["arrays", "halves", "boxes", "between"]
)
def test_arrays_of_params(tmp_path: Path, simulator: Simulator, body: str) -> None:
    directory = GoldenDir(tmp_path)
    directory.kernel(KERNEL_START + SCALES_BETWEEN, "nothing.cpp")
    tensor_dir(tmp_path, SHAPES + body, '6 * tensors["x"]', A5)
    simulator.run_case(directory.path).check()


WRONG_ARRAYS = {
    "an input without memory": (
        """
        PTOParam add[] = {make_input_param(c), make_input_param(x), make_output_param(y)};
        pto2_rt_submit_aiv_task(rt, ADD, add, 3);
        """,
        "make_input_param: the tensor has no memory",
    ),
    "a view beyond its tensor": (
        "Tensor part = x.view(wide, behind);",
        "Tensor::view: elements 32 to 96 of dimension 0, of which the tensor has 64",
    ),
    "more than 32 bits": (
        "const uint64_t huge[1] = {uint64_t{1} << 33}; Tensor made = make_tensor(huge, 1);",
        "a shape or an offset is 8589934592; a descriptor holds 32 bits",
    ),
}


@pytest.mark.parametrize("name", WRONG_ARRAYS)
def test_what_an_array_cannot_hold(tmp_path: Path, simulator: Simulator, name: str) -> None:
    body, message = WRONG_ARRAYS[name]
    directory = tensor_dir(tmp_path, SHAPES + body, "0", A5)
    with pytest.raises(A2A3SimError) as caught:
        simulator.run_case(directory.path)
    assert without_breaks(message) in without_breaks(str(caught.value)), caught.value


CONFIG = """
KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv"}]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "make_graph"}
RUNTIME_CONFIG = {"runtime": "aicpu_build_graph", "aicpu_thread_num": 4, "block_dim": 2}
RUNTIME_ENV = {"PTO_AICPU_BUILD_GRAPH_BUILD_MODE": "1"}
"""
TABLE = """
#include <cstdint>

#include "runtime.h"

extern "C" int make_graph(Runtime* runtime) {{
    const AicpuBuildApi& api = runtime->aicpu_build_api;
    if (runtime->orch_argc != 4 || runtime->kernel_addrs[0] == 0) return -1;
    if (runtime->kernel_addrs[1] != 0) return -2;
    const uint64_t x = runtime->orch_args[0], y = runtime->orch_args[1];
    if (reinterpret_cast<const float*>(x)[3] != 3) return -3;  // it runs beside the device
    const uint64_t between = reinterpret_cast<uint64_t>(api.device_malloc(256));
    uint64_t first[] = {{x, between, runtime->orch_args[2]}};
    uint64_t second[] = {{between, y, runtime->orch_args[2]}};
    const int one = api.add_task(runtime, first, 3, 0, CoreType::AIV, 0);
    const int two = api.add_task(runtime, second, 3, 0, CoreType::AIV, 0);
    {ends}
    return 0;
}}
"""
IN_ORDER = "api.add_successor_conditional(runtime, one, two);"
PUBLISHED = "api.publish_task(runtime, one);\n    api.publish_task(runtime, two);"
ENDS = {
    "right": (f"{IN_ORDER}\n    {PUBLISHED}", None),
    "without an edge": (
        PUBLISHED,
        "the outputs depend on the order of tasks that the graph does not order: y",
    ),
    "an edge too late": (
        f"{PUBLISHED}\n    {IN_ORDER}",
        "add_successor_conditional(0, 1) comes after publish_task(1): on the device task 1",
    ),
    "never published": (
        f"{IN_ORDER}\n    api.publish_task(runtime, one);",
        "task 1 is never published, so that it never starts: publish_task(runtime, 1)",
    ),
    "no such task to publish": (
        f"{IN_ORDER}\n    {PUBLISHED}\n    api.publish_task(runtime, 7);",
        "publish_task(7): there is no task 7; tasks added so far: 2",
    ),
    "no such task to wait for": (
        f"api.add_successor_conditional(runtime, 5, two);\n    {PUBLISHED}",
        "add_successor_conditional(5, 1): there is no task 5; tasks added so far: 2",
    ),
    "an error": ("return -9;", "the orchestration returned -9"),
    "freed twice": (
        f"""{IN_ORDER}
    {PUBLISHED}
    for (int i = 0; i < 2; ++i) api.device_free(reinterpret_cast<void*>(between));""",
        "device_free",
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_table_of_calls(tmp_path: Path, simulator: Simulator, name: str) -> None:
    ends, message = ENDS[name]
    directory = GoldenDir.create(tmp_path / "case")
    directory.golden(GOLDEN.format(expected='4 * tensors["x"]', choice=0))
    directory.kernel_config(CONFIG)
    directory.orchestration(TABLE.format(ends=ends))
    if message is None:
        simulator.run_case(directory.path).check()
        return
    with pytest.raises(A2A3SimError) as caught:
        simulator.run_case(directory.path).check()
    assert without_breaks(message) in without_breaks(str(caught.value)), caught.value
