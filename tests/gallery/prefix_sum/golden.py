"""out_sum[i] = x[0] + ... + x[i], by blocks that are scanned apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.int32]]

TENSOR_ORDER = ["x", "out_sum"]

BLOCKS, BLOCK = 8, 32


def generate_inputs(params: dict[str, Any]) -> Tensors:
    rng = np.random.default_rng(18)
    return {
        "x": rng.integers(1, 10000, BLOCKS * BLOCK, dtype=np.int32),
        "out_sum": np.zeros(BLOCKS * BLOCK, np.int32),
    }


def compute_golden(tensors: Tensors, params: dict[str, Any]) -> None:
    tensors["out_sum"][:] = np.cumsum(tensors["x"])
