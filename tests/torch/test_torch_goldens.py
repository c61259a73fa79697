"""Golden directories whose tensors are torch's: torch in, torch out, bit for bit."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_a2a3sim import GoldenError, Mismatch, run_case
from tests.words import without_breaks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

torch: Any = pytest.importorskip("torch")

GOLDEN = """
import torch

RTOL = ATOL = 0


def generate_inputs(params):
    x = torch.arange(-12, 12).reshape(4, 6).to(params["dtype"])
    return {"x": x, "out_y": torch.zeros_like(x)}


def compute_golden(tensors, params):
    assert all(type(tensor) is torch.Tensor for tensor in tensors.values())
    assert all(tensor.dtype is params["dtype"] for tensor in tensors.values())
    tensors["out_y"].copy_(2 * tensors["x"])
"""

DOUBLING = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const T* x = reinterpret_cast<const T*>(args[0]);
    T* y = reinterpret_cast<T*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}
"""

# A bfloat16 is the upper half of a float32. Doubling one is exact.
BFLOAT16 = """
#include <bit>
#include <cstdint>

struct T {
    uint16_t bits;
    friend T operator*(int factor, T value) {
        const float wide = factor * std::bit_cast<float>(uint32_t{value.bits} << 16);
        return {static_cast<uint16_t>(std::bit_cast<uint32_t>(wide) >> 16)};
    }
};
"""

KERNELS = {
    "bfloat16": BFLOAT16 + DOUBLING,
    "float16": "using T = _Float16;\n" + DOUBLING,
    "float32": "using T = float;\n" + DOUBLING,
    "float64": "using T = double;\n" + DOUBLING,
    "int8": "using T = signed char;\n" + DOUBLING,
    "int64": "using T = long;\n" + DOUBLING,
}

COPYING = """
#include <cstdint>
#include <cstring>

extern "C" void kernel_entry(int64_t* args) {
    memcpy(reinterpret_cast<void*>(args[1]), reinterpret_cast<void*>(args[0]), args[2]);
}
"""


@pytest.mark.parametrize("dtype", KERNELS)
def test_torch_in_torch_out(golden_dir: GoldenDir, dtype: str) -> None:
    golden_dir.golden(GOLDEN)
    golden_dir.kernel(KERNELS[dtype])
    result = run_case(golden_dir.path, params={"dtype": getattr(torch, dtype)})
    result.check()
    doubled = (2 * torch.arange(-12, 12)).reshape(4, 6).to(getattr(torch, dtype))
    for tensor in (result.actual["out_y"], result.expected["out_y"]):
        assert type(tensor) is torch.Tensor
        assert tensor.dtype is doubled.dtype
        assert torch.equal(tensor, doubled)


def test_bytes_of_float8_and_bool_arrive_as_they_are(golden_dir: GoldenDir) -> None:
    golden_dir.golden("""
        import torch

        def generate_inputs(params):
            x = torch.arange(128, dtype=torch.uint8)
            x = (x % 2).bool() if params["dtype"] is torch.bool else x.view(params["dtype"])
            return {"x": x, "out_y": torch.empty_like(x)}

        def compute_golden(tensors, params):
            tensors["out_y"].copy_(tensors["x"])
    """)
    golden_dir.kernel(COPYING)  # one byte an element
    for dtype in (torch.bool, torch.float8_e4m3fn, torch.float8_e5m2):
        result = run_case(golden_dir.path, params={"dtype": dtype})
        result.check()
        assert result.actual["out_y"].dtype is dtype


def test_layouts_and_gradients_do_not_matter(golden_dir: GoldenDir) -> None:
    golden_dir.golden("""
        import torch

        def generate_inputs(params):
            x = torch.arange(24, dtype=torch.bfloat16).reshape(4, 6).T[::2].requires_grad_()
            out = torch.zeros(4, 3, dtype=torch.bfloat16).T
            assert not x.is_contiguous() and not out.is_contiguous()
            return {"x": x, "out_y": out}

        def compute_golden(tensors, params):
            assert tensors["out_y"].shape == (3, 4)
            tensors["out_y"][:] = 2 * tensors["x"].detach()
    """)
    golden_dir.kernel(KERNELS["bfloat16"])
    result = run_case(golden_dir.path)
    result.check()
    assert result.actual["out_y"].tolist() == [
        [0, 12, 24, 36],
        [4, 16, 28, 40],
        [8, 20, 32, 44],
    ]


SCALARS = """
import ctypes

import torch

ATOL = RTOL = 0


def generate_inputs(params):
    return [
        ("x", torch.arange(8, dtype=torch.bfloat16)),
        ("out_y", torch.zeros(8, dtype=torch.float32)),
        ("x_bytes", ctypes.c_int64(16)),
        ("out_bytes", ctypes.c_int64(32)),
        ("scale", ctypes.c_float(0.5)),
        ("offset", ctypes.c_double(-3)),
        ("shift", ctypes.c_int32(-1)),
    ]


def compute_golden(tensors, params):
    assert list(tensors) == ["x", "out_y"]
    tensors["out_y"][:] = 0.5 * tensors["x"].float() - 3 - 1
"""

SCALARS_ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int arg_count) {
    if (arg_count != 7) return -1;
    void* x = runtime->host_api.device_malloc(args[2]);
    void* y = runtime->host_api.device_malloc(args[3]);
    runtime->host_api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[2]);
    uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), args[4],
                       args[5], args[6]};
    runtime->add_task(task, 5, 0, CoreType::AIV);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
    return 0;
}
"""

SCALARS_KERNEL = """
#include <bit>
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const uint16_t* x = reinterpret_cast<const uint16_t*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    const float scale = std::bit_cast<float>(static_cast<uint32_t>(args[2]));
    const double offset = std::bit_cast<double>(args[3]);
    for (int i = 0; i < 8; ++i) {
        y[i] = scale * std::bit_cast<float>(uint32_t{x[i]} << 16) + offset + args[4];
    }
}
"""


def test_list_of_tensors_and_ctypes_scalars(golden_dir: GoldenDir) -> None:
    golden_dir.golden(SCALARS)
    golden_dir.orchestration(SCALARS_ORCHESTRATION)
    golden_dir.kernel(SCALARS_KERNEL)
    result = run_case(golden_dir.path)
    result.check()
    assert result.actual["out_y"].tolist() == [-4, -3.5, -3, -2.5, -2, -1.5, -1, -0.5]


def test_mismatch_of_bfloat16_is_measured_in_its_own_ulps(golden_dir: GoldenDir) -> None:
    golden_dir.golden(GOLDEN)
    golden_dir.kernel(KERNELS["bfloat16"].replace(">> 16)}", ">> 16 | 1)}"))
    result = run_case(golden_dir.path, params={"dtype": torch.bfloat16})
    with pytest.raises(Mismatch, match=r"out_y: FAIL \(0/24 elements matched\)") as raised:
        result.check()
    assert "dtype=bfloat16" in str(raised.value)
    (diff,) = result.diffs
    assert diff.max_ulp_error == 1
    assert diff.max_abs_error == 0.125  # 2**-7 of 16


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("torch.zeros(8, device='meta')", r"tensor 'x' is on meta; return CPU tensors"),
        ("torch.zeros(8).to_sparse()", r"tensor 'x' is sparse; return a dense one"),
        ("torch.zeros(8, dtype=torch.complex64)", r"tensor 'x' has dtype complex64, which the"),
    ],
)
def test_tensors_that_no_device_holds(golden_dir: GoldenDir, value: str, message: str) -> None:
    golden_dir.golden(f"""
        import torch

        def generate_inputs(params):
            return {{"x": {value}, "out_y": torch.zeros(8)}}

        def compute_golden(tensors, params):
            pass
    """)
    with pytest.raises(GoldenError) as caught:
        run_case(golden_dir.path)
    assert without_breaks(message) in without_breaks(str(caught.value))


def run_pytest(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)


def test_torchs_threads_survive_the_simulating_processes(golden_dir: GoldenDir) -> None:
    """torch computes on threads before, while and after cases run in processes of their own."""
    golden_dir.golden("""
        import torch

        PARAMS_LIST = [{"seed": seed} for seed in range(4)]
        torch.set_num_threads(4)

        def generate_inputs(params):
            generator = torch.Generator().manual_seed(params["seed"])
            a = torch.randn(256, 256, generator=generator)
            return {"x": a @ a, "out_y": torch.zeros(256, 256)}

        def compute_golden(tensors, params):
            torch.mm(tensors["x"], 2 * torch.eye(256), out=tensors["out_y"])
    """)
    done = run_pytest(golden_dir.path.parent, "doubler", "-n", "2")
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


def test_failure_report_and_artifacts_of_bfloat16(golden_dir: GoldenDir) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    directory = golden_dir.path.parent
    golden_dir.golden(GOLDEN)
    golden_dir.extend_golden('PARAMS_LIST = [{"name": "half", "dtype": torch.bfloat16}]\n')
    golden_dir.kernel(KERNELS["bfloat16"].replace("2 *", "-2 *"))
    done = run_pytest(directory, "doubler", "--sim-artifacts=kept")
    assert done.returncode == 1
    assert "=> sign flipped: actual = -expected in all 23 mismatches" in done.stdout
    (saved,) = (directory / "kept").glob("*/actual/out_y.npy")
    actual = np.load(saved).view(ml_dtypes.bfloat16).astype(np.float32)
    assert actual.ravel().tolist() == [-2.0 * n for n in range(-12, 12)]


def test_numpy_goldens_do_not_import_torch(golden_dir: GoldenDir) -> None:
    program = f"import sys, pytest_a2a3sim as a; a.run_case({str(golden_dir.path)!r}).check()"
    program += "; assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], text=True, check=False)
    assert done.returncode == 0
