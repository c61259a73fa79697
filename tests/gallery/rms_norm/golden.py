"""out_y = x / sqrt(mean(x * x) + epsilon) * gamma for each row, in float16."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.float16]]

TENSOR_ORDER = ["x", "gamma", "out_y"]
RTOL = ATOL = 2e-3

ROWS, COLUMNS = 24, 64
EPSILON = np.float32(0.25)


def generate_inputs(params: dict[str, Any]) -> Tensors:
    rng = np.random.default_rng(17)
    return {
        "x": (rng.integers(-64, 65, (ROWS, COLUMNS)) / 16).astype(np.float16),
        "gamma": (rng.integers(8, 25, COLUMNS) / 8).astype(np.float16),
        "out_y": np.zeros((ROWS, COLUMNS), np.float16),
    }


def compute_golden(tensors: Tensors, params: dict[str, Any]) -> None:
    x = tensors["x"].astype(np.float32)
    mean = np.mean(x * x, axis=1, keepdims=True)
    normal = x / np.sqrt(mean + EPSILON)
    tensors["out_y"][:] = normal * tensors["gamma"].astype(np.float32)
