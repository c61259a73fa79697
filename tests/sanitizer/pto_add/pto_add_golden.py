"""out = x + y, by a kernel on PTO ISA; the tutorial of docs/sanitizer.md."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__outputs__ = ["out"]
PARAMS_LIST = [{"name": "16x16"}]


def generate_inputs(params: dict[str, Any]) -> dict[str, npt.NDArray[np.float32]]:
    rng = np.random.default_rng(0)
    return {
        "x": rng.random((16, 16), dtype=np.float32),
        "y": rng.random((16, 16), dtype=np.float32),
        "out": np.zeros((16, 16), dtype=np.float32),
    }


def compute_golden(tensors: dict[str, npt.NDArray[np.float32]], params: dict[str, Any]) -> None:
    tensors["out"][:] = tensors["x"] + tensors["y"]
