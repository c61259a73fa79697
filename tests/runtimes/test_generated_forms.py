"""Directories of the form that PyPTO generates, of every type that its tensors have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Mismatch, run_case
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = """
import ctypes

import numpy as np

__outputs__ = ["y", "sum"]
TYPES = ["float32", "float16", "int32", "int16", "int8", "uint8", "bfloat16", "int64", "uint64"]
PARAMS_LIST = [{"name": name, "code": code} for code, name in enumerate(TYPES)]


def generate_inputs(params):
    if params["name"] == "bfloat16":
        dtype = __import__("ml_dtypes").bfloat16
    else:
        dtype = params["name"]
    x = np.arange(-12, 12).reshape(4, 6).astype(dtype)
    return [
        ("x", x),
        ("y", np.zeros_like(x)),
        ("sum", np.ones(1, np.float32)),
        ("code", ctypes.c_int64(params["code"])),
    ]


def compute_golden(tensors, params=None):
    tensors["y"][1:] = tensors["x"][:-1]
    tensors["sum"] += 1
"""
CONFIG = """
from pathlib import Path
from simpler.task_interface import ArgDirection as _D

_ROOT_DIR = Path(__file__).parent
RUNTIME_CONFIG = {"runtime": "tensormap_and_ringbuffer", "aicpu_thread_num": 0}
ORCHESTRATION = {
    "source": str(_ROOT_DIR / "orchestration" / "shift.cpp"),
    "function_name": "aicpu_orchestration_entry",
    "signature": [_D.IN, _D.OUT, _D.INOUT],
}
KERNELS = [
    {"func_id": 0, "name": "shift", "source": str(_ROOT_DIR / "kernels" / "aiv" / "shift.cpp"),
     "core_type": "aiv", "signature": [_D.IN, _D.OUT]},
    {"func_id": 1, "name": "count", "source": str(_ROOT_DIR / "kernels" / "aic" / "count.cpp"),
     "core_type": "aic", "signature": [_D.INOUT]},
]
"""
SHIFT = """
#include <cstdint>
#include <cstring>

#include "tensor.h"

extern "C" void kernel_entry(int64_t* args) {
#if defined(__DAV_VEC__)
    const Tensor* x = reinterpret_cast<const Tensor*>(args[0]);
    const Tensor* y = reinterpret_cast<const Tensor*>(args[1]);
    const uint64_t size = static_cast<uint64_t>(args[2]);
    const char* from = reinterpret_cast<const char*>(x->buffer.addr) + x->start_offset * size;
    char* to = reinterpret_cast<char*>(y->buffer.addr) + y->start_offset * size;
    std::memcpy(to, from, x->shapes[0] * x->shapes[1] * size);
#endif
}
"""
COUNT = """
#include <cstdint>

#include "tensor.h"

extern "C" void kernel_entry(int64_t* args) {
#if defined(__DAV_CUBE__)
    const Tensor* sum = reinterpret_cast<const Tensor*>(args[0]);
    *reinterpret_cast<float*>(sum->buffer.addr) += 1;
#endif
}
"""
# The first row of y is what the host had there: an output is copied back whole.
OF_MARCH = """
#include "pto_orchestration_api.h"

extern "C" __attribute__((visibility("default")))
PTO2OrchestrationConfig aicpu_orchestration_config(uint64_t*, int) {
    return PTO2OrchestrationConfig{.expected_arg_count = 4};
}

extern "C" __attribute__((visibility("default")))
void aicpu_orchestration_entry(uint64_t* args, int, int, int) {
    const DataType dtype = static_cast<DataType>(args[3]);
    const uint32_t shape[2] = {4, 6};
    const uint32_t rows[2] = {3, 6};
    const uint32_t first[2] = {0, 0};
    const uint32_t second[2] = {1, 0};
    const uint32_t one[1] = {1};
    Tensor x = make_tensor_external(reinterpret_cast<void*>(args[0]), shape, 2, dtype);
    Tensor y = make_tensor_external(reinterpret_cast<void*>(args[1]), shape, 2, dtype);
    Tensor sum = make_tensor_external(reinterpret_cast<void*>(args[2]), one, 1);
    PTO2_SCOPE() {
        Tensor from = x.view(rows, first);
        Tensor to = y.view(rows, second);
        PTOParam shift;
        shift.add_input(from);
        shift.add_output(to);
        shift.add_scalar(get_element_size(dtype));
        pto2_rt_submit_aiv_task(0, shift);
        PTOParam count;
        count.add_inout(sum);
        pto2_rt_submit_aic_task(1, count);
    }
}
"""


# As PyPTO has written it since August. A tensor knows its type.
OF_AUGUST = """
#include "runtime.h"

#include "pto_orchestration_api.h"

extern "C" __attribute__((visibility("default")))
PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs&) {
    return PTO2OrchestrationConfig{.expected_arg_count = 4};
}

extern "C" __attribute__((visibility("default")))
void aicpu_orchestration_entry(const ChipTaskArgs& args) {
    const ChipTensor& x = args.tensor(0).ref();
    const ChipTensor& y = args.tensor(1).ref();
    const ChipTensor& sum = args.tensor(2).ref();
    const uint32_t rows[2] = {3, 6};
    const uint32_t first[2] = {0, 0};
    const uint32_t second[2] = {1, 0};
    if (static_cast<uint64_t>(x.dtype) != args.scalar(0)) return;
    PTO2_SCOPE() {
        ChipTensor from = x.view(rows, first);
        ChipTensor to = y.view(rows, second);
        CoreTaskArgs shift;
        shift.add_input(from);
        shift.add_output(to);
        shift.add_scalar(get_element_size(x.dtype));
        rt_submit_aiv_task(0, shift);
        CoreTaskArgs count;
        count.add_inout(sum);
        rt_submit_aic_task(1, count);
    }
}
"""
FORMS = {"march": OF_MARCH, "august": OF_AUGUST}


@pytest.fixture(scope="module")
def directories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A directory for each form of the API; their kernels are the same files."""
    top = tmp_path_factory.mktemp("generated")
    found = {}
    for form, orchestration in FORMS.items():
        made = GoldenDir(top / f"shift@a2a3sim@{form}")
        made.golden(GOLDEN)
        made.add("kernel_config.py", CONFIG)
        made.add("orchestration/shift.cpp", orchestration)
        made.add("kernels/aiv/shift.cpp", SHIFT)
        made.add("kernels/aic/count.cpp", COUNT)
        found[form] = made.path
    return found


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "dtype",
    ["float32", "float16", "int32", "int16", "int8", "uint8", "bfloat16", "int64", "uint64"],
)
def test_every_type(directories: dict[str, Path], form: str, dtype: str) -> None:
    if dtype == "bfloat16":
        pytest.importorskip("ml_dtypes")
    result = run_case(directories[form], dtype)
    result.check()
    assert (result.graph.tasks, result.graph.edges) == (2, 0)


def test_golden_that_does_nothing_is_compared(directories: dict[str, Path]) -> None:
    """compute_golden without a body expects what generate_inputs made."""
    directory = directories["march"]
    empty = GoldenDir(directory.parent / "empty@a2a3sim@default")
    for name in ("kernel_config.py", "orchestration", "kernels"):
        (empty.path / name).parent.mkdir(exist_ok=True)
        (empty.path / name).symlink_to(directory / name)
    head, _, _ = GOLDEN.partition('    tensors["y"][1:]')
    empty.golden(f"{head}    pass\n")
    with pytest.raises(Mismatch, match="2 of 2 output tensors do not match: y, sum"):
        run_case(empty.path, "float32").check()
