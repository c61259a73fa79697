"""Arrays as a page has them: base64 of little-endian numbers."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_KINDS = {"f": ("f32", "<f4"), "i": ("i32", "<i4"), "d": ("f64", "<f8")}


def packed(values: npt.ArrayLike, kind: str = "f") -> dict[str, str]:
    """``{"type": "f32", "base64": ...}``; ``kind`` is ``f``, ``d`` or ``i``."""
    name, dtype = _KINDS[kind]
    data = np.ascontiguousarray(values).astype(dtype).tobytes()
    return {"type": name, "base64": base64.b64encode(data).decode("ascii")}


def as_doubles(array: Any) -> npt.NDArray[np.float64]:
    """An array of NumPy's or of torch's, of any type, as float64."""
    if hasattr(array, "detach"):
        array = array.detach().double().numpy()
    doubles: npt.NDArray[np.float64] = np.asarray(array).astype(np.float64)
    return doubles
