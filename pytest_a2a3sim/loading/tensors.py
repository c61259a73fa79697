"""Checks that an author's array is one that the device can hold."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.tensor import (
    STANDARD_DTYPES,
    Tensor,
    dtype_name,
    is_array,
    is_torch_tensor,
)


def describe(value: object) -> str:
    """``float32 array of shape (2, 3)`` and the like, for messages."""
    if is_array(value):
        return f"{dtype_name(value)} array of shape {tuple(value.shape)}"  # type: ignore[attr-defined]
    return f"{value!r} ({type(value).__name__})"


def as_tensor(name: str, value: Any) -> Tensor:
    """Checks that ``value`` is an array the device can hold.

    Raises:
        GoldenError: it is no array, not on the CPU, or of a dtype without a meaning there.
    """
    if is_torch_tensor(value):
        if value.device.type != "cpu":
            raise GoldenError(
                f"tensor {name!r} is on {value.device}; return CPU tensors: `.cpu()` copies it"
            )
        if value.layout != sys.modules["torch"].strided:
            raise GoldenError(f"tensor {name!r} is sparse; return a dense one: `.to_dense()`")
    elif not isinstance(value, np.ndarray):
        hint = " (np.asarray makes a 0-d array of it)" if isinstance(value, np.generic) else ""
        raise GoldenError(
            f"tensor {name!r} must be a NumPy array or a CPU torch tensor, got {describe(value)}"
            f"{hint}"
        )
    dtype = dtype_name(value)
    if isinstance(value, np.ndarray) and not value.dtype.isnative:
        raise GoldenError(
            f"tensor {name!r} has dtype {value.dtype}, whose byte order is not the machine's; "
            "convert it: `.astype(a.dtype.newbyteorder('='))`"
        )
    if dtype not in STANDARD_DTYPES and not dtype.startswith(("bfloat16", "float8_")):
        raise GoldenError(
            f"tensor {name!r} has dtype {dtype}, which the device does not have; use a bool, "
            "int, float16/32/64, bfloat16 or float8 type"
        )
    return Tensor(name, value, tuple(value.shape), dtype, _nbytes(value))


def _nbytes(value: Any) -> int:
    return int(value.numel() * value.element_size() if is_torch_tensor(value) else value.nbytes)
