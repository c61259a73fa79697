"""A golden directory with a case for each way in which a case can end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

_GOLDEN = """
import numpy as np
import pytest

PARAMS_LIST = [
    {"name": "good", "mode": 0},
    {"name": "wrong", "mode": 1},
    {"name": "crash", "mode": 2},
    {"name": "broken", "mode": 3},
]


def generate_inputs(params):
    x = np.arange(8, dtype=np.float32)
    x[0] = params["mode"]
    return {"x": x, "out_y": np.zeros((2, 4), dtype=np.float32)}


def compute_golden(tensors, params):
    if params["mode"] == 3:
        raise ValueError("no such mode")
    tensors["out_y"][:] = 2 * tensors["x"].reshape(2, 4)
"""

_KERNEL = """
for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
if (x[0] == 1)
    for (int i = 4; i < 8; ++i) y[i] = 0;
if (x[0] == 2) *reinterpret_cast<volatile int*>(8) = 1;
"""

OUTCOMES = {"good": "passed", "wrong": "failed", "crash": "failed", "broken": "failed"}


def create(path: Path) -> GoldenDir:
    """One passes, one has a wrong second row, one crashes, one's golden raises."""
    directory = GoldenDir.create(path)
    directory.golden(_GOLDEN)
    directory.kernel_body(_KERNEL)
    return directory
