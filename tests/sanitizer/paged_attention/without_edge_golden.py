"""examples/paged_attention, small, with each edge removed in turn; -1 removes none."""

from __future__ import annotations

from typing import Any

import numpy as np
import paged_attention  # type: ignore[import-not-found] # the example's golden.py, copied here

SIZES = {
    "batch": 2,
    "block_num": 4,
    "num_heads": 2,
    "head_dim": 8,
    "block_size": 4,
    "context_len": 16,
}
PARAMS_LIST = [{"name": str(edge), "removed": edge} for edge in range(-1, 30)]
TENSOR_ORDER = [*paged_attention.TENSOR_ORDER, "removed"]
__outputs__ = paged_attention.__outputs__
RTOL = paged_attention.RTOL
ATOL = paged_attention.ATOL


def generate_inputs(params: dict[str, Any]) -> dict[str, Any]:
    removed = np.array([params["removed"]], dtype=np.int64)
    return {**paged_attention.generate_inputs(SIZES), "removed": removed}


def compute_golden(tensors: dict[str, Any], params: dict[str, Any]) -> None:
    paged_attention.compute_golden(tensors, SIZES)
