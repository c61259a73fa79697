"""Orchestrations for host_build_graph with functions and shapes, of April to July 2026."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import OrchestrationError, run_case
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = """
import ctypes

import numpy as np

__outputs__ = ["y"]


def generate_inputs(params):
    return [
        ("factor", ctypes.c_float(3)),
        ("x", np.arange(12, dtype=np.int16).reshape(3, 4)),
        ("y", np.zeros((3, 4), np.int16)),
        ("offset", ctypes.c_int64(5)),
    ]


def compute_golden(tensors, params):
    tensors["y"][:] = 3 * tensors["x"] + 5
"""
KERNEL = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {  // (x, y, count, factor, offset)
    const auto* x = reinterpret_cast<const int16_t*>(args[0]);
    auto* y = reinterpret_cast<int16_t*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i] * args[3] + args[4];
}
"""
CONFIG = """
KERNELS = [{"func_id": 0, "name": "SCALE", "source": "kernel.cpp", "core_type": "aiv"}]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build"}
RUNTIME_CONFIG = {"runtime": "host_build_graph", "block_dim": 2}
"""
ORCHESTRATION = """
#include <cstring>

#include "orchestration_api.h"

extern "C" int build(OrchestrationRuntime* runtime, const ChipStorageTaskArgs& args) {
    if (args.tensor_count() != 2 || args.scalar_count() != 2) return -1;
    const auto& x = args.tensor(0);
    if (x.ndims != 2 || x.shapes[1] != 4 || x.dtype != DataType::INT16) return -2;
    void* dev_x = device_malloc(runtime, x.nbytes());
    void* dev_y = device_malloc(runtime, x.nbytes());
    if (copy_to_device(runtime, dev_x, x.data_as<void>(), x.nbytes()) != 0) return -3;
    const uint32_t bits = static_cast<uint32_t>(args.scalar(0));
    float factor;
    std::memcpy(&factor, &bits, sizeof factor);
    // The first row, then the others.
    TensorInfo infos[] = {make_tensor_info_from_tensor_arg(x), make_tensor_info_from_tensor_arg(x)};
    uint64_t first[] = {reinterpret_cast<uint64_t>(dev_x), reinterpret_cast<uint64_t>(dev_y), 4,
                        static_cast<uint64_t>(factor), args.scalar(1)};
    const int one = add_task(runtime, first, 5, 0, CoreType::AIV);
    set_tensor_info_to_task(runtime, one, infos, 2);
    uint64_t others[] = {first[0] + 8, first[1] + 8, 8, first[3], first[4]};
    const int two = add_task_with_tensor_info(runtime, others, 5, 0, CoreType::AIV, infos, 2);
    add_successor(runtime, one, two);
    print_runtime(runtime);
    if (get_task_count(runtime) != 2) return -4;
    record_tensor_pair(runtime, args.tensor(%d).data_as<void>(), dev_y, x.nbytes());
    return 0;
}
"""

WITH_METHODS = """
#include "runtime.h"
#include "task_args.h"

extern "C" int build(Runtime* runtime, const ChipStorageTaskArgs& args) {
    const auto& x = args.tensor(0);
    HostApi& api = runtime->host_api;
    void* dev_x = api.device_malloc(x.nbytes());
    void* dev_y = api.device_malloc(x.nbytes());
    api.copy_to_device(dev_x, x.data_as<void>(), x.nbytes());
    uint64_t task[] = {reinterpret_cast<uint64_t>(dev_x), reinterpret_cast<uint64_t>(dev_y), 12,
                       3, args.scalar(1)};
    runtime->add_task(task, 5, 0, CoreType::AIV);
    runtime->record_tensor_pair(args.tensor(1).data_as<void>(), dev_y, x.nbytes());
    return 0;
}
"""


def directory_of(path: Path, output: int) -> GoldenDir:
    directory = GoldenDir(path)
    directory.golden(GOLDEN)
    directory.kernel_config(CONFIG)
    kernels = next(path.rglob("kernel_config.py")).parent
    (kernels / "kernel.cpp").write_text(KERNEL)
    (kernels / "orchestration.cpp").write_text(ORCHESTRATION % output)
    return directory


def test_functions_and_shapes(tmp_path: Path) -> None:
    run_case(directory_of(tmp_path / "case", 1).path).check()


def test_methods_and_shapes(tmp_path: Path) -> None:
    """As in the last days of March 2026."""
    directory = directory_of(tmp_path / "case", 1)
    directory.orchestration(WITH_METHODS)
    run_case(directory.path).check()


def test_argument_that_is_not_there(tmp_path: Path) -> None:
    directory = directory_of(tmp_path / "case", 2)
    with pytest.raises(OrchestrationError, match=r"asks for tensor\(2\) and gets 2 tensors"):
        run_case(directory.path)
