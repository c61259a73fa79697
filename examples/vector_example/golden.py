"""Element-wise vectors: f = (a + b + x) * (a + b + y), with x = 1 and y = 2 unless a case says so.

``generate_inputs`` returns a list, so that the orchestration gets its entries one by one and in
this order: an array as the address of its data, a ctypes scalar as its value.
"""

import ctypes
from typing import Any

import numpy as np
import numpy.typing as npt

Params = dict[str, Any]
Tensor = npt.NDArray[np.float32]
Scalar = ctypes.c_int64 | ctypes.c_float

__outputs__ = ["f"]

# Kernels and golden round after the same operations, in the same order: results are equal.
RTOL = 0.0
ATOL = 0.0

PARAMS_LIST: list[Params] = [
    {"name": "16k", "count": 16384},
    {"name": "odd-size", "count": 1003},
    {"name": "one-element", "count": 1},
    {"name": "other-addends", "count": 256, "x": 0.1, "y": -3.5},
]


def generate_inputs(params: Params) -> list[tuple[str, Tensor | Scalar]]:
    """Vectors of ``count`` float32 elements, their sizes in bytes, the count and the addends."""
    count: int = params["count"]
    rng = np.random.default_rng(20260202)
    a = rng.standard_normal(count, dtype=np.float32)
    b = rng.standard_normal(count, dtype=np.float32)
    f = np.zeros(count, dtype=np.float32)
    return [
        ("a", a),
        ("b", b),
        ("f", f),
        ("a_bytes", ctypes.c_int64(a.nbytes)),
        ("b_bytes", ctypes.c_int64(b.nbytes)),
        ("f_bytes", ctypes.c_int64(f.nbytes)),
        ("count", ctypes.c_int64(count)),
        ("x", ctypes.c_float(params.get("x", 1.0))),
        ("y", ctypes.c_float(params.get("y", 2.0))),
    ]


def compute_golden(tensors: dict[str, Tensor], params: Params) -> None:
    """Writes ``f``. Only the arrays are in ``tensors``; scalars follow from ``params``."""
    x = np.float32(params.get("x", 1.0))
    y = np.float32(params.get("y", 2.0))
    total = tensors["a"] + tensors["b"]
    tensors["f"][:] = (total + x) * (total + y)
