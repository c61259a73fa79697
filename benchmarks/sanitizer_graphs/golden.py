"""Independent tasks of one kernel; ``benchmarks/sanitizer.py`` gives the params."""

import ctypes

import numpy as np

__outputs__ = ["out"]

RTOL = 1e-4
ATOL = 1e-4


def generate_inputs(params):
    """Operands of each task; the kernel's func_id, the number of tasks, the size of an operand."""
    rng = np.random.default_rng(20260301)
    tasks, n = params["tasks"], params["n"]
    shape = (tasks, n) if params["kernel"] == "stream" else (tasks, n, n)
    return [
        ("a", rng.standard_normal(shape, dtype=np.float32)),
        ("b", rng.standard_normal(shape, dtype=np.float32)),
        ("out", np.zeros(shape, dtype=np.float32)),
        ("func_id", ctypes.c_int64(["stream", "matmul"].index(params["kernel"]))),
        ("tasks", ctypes.c_int64(tasks)),
        ("n", ctypes.c_int64(n)),
        ("nbytes", ctypes.c_int64(tasks * n * 4 * (1 if params["kernel"] == "stream" else n))),
    ]


def compute_golden(tensors, params) -> None:
    """stream: a + 3 b; matmul: a @ b."""
    a, b = tensors["a"], tensors["b"]
    tensors["out"][:] = a + 3 * b if params["kernel"] == "stream" else a @ b
