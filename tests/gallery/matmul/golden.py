"""out_c = a @ b, with the sum over K split into parts that a second kernel adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.float32]]

TENSOR_ORDER = ["a", "b", "out_c"]
RTOL = ATOL = 0.0  # small whole numbers: every order of additions gives the same sum

ROWS, INNER, COLUMNS = 32, 64, 48


def generate_inputs(params: dict[str, Any]) -> Tensors:
    rng = np.random.default_rng(16)
    return {
        "a": rng.integers(-8, 9, (ROWS, INNER)).astype(np.float32),
        "b": rng.integers(-8, 9, (INNER, COLUMNS)).astype(np.float32),
        "out_c": np.zeros((ROWS, COLUMNS), np.float32),
    }


def compute_golden(tensors: Tensors, params: dict[str, Any]) -> None:
    tensors["out_c"][:] = tensors["a"] @ tensors["b"]
