"""Arrays as a page has them: base64 of deflated little-endian numbers, byte by byte of each."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_KINDS = {"f": ("f32", "<f4"), "i": ("i32", "<i4"), "d": ("f64", "<f8")}
_FAST = 1  # of nine levels


def packed(values: npt.ArrayLike, kind: str = "f") -> dict[str, str]:
    """``{"type": "f32", "deflated": ...}``; ``kind`` is ``f``, ``d`` or ``i``.

    The first bytes of all numbers come first, then their second ones: alike bytes are neighbours.
    """
    name, dtype = _KINDS[kind]
    data = np.ascontiguousarray(values).astype(dtype).reshape(-1)
    by_place = data.view(np.uint8).reshape(-1, data.itemsize).T.tobytes()
    deflated = zlib.compress(by_place, _FAST)
    return {"type": name, "deflated": base64.b64encode(deflated).decode("ascii")}


def as_doubles(array: Any) -> npt.NDArray[np.float64]:
    """An array of NumPy's or of torch's, of any type, as float64."""
    if hasattr(array, "detach"):
        array = array.detach().double().numpy()
    doubles: npt.NDArray[np.float64] = np.asarray(array).astype(np.float64)
    return doubles
