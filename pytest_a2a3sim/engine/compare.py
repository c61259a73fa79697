"""A pair of tensors -> the engine's measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.engine.library import check, ffi, lib, values
from pytest_a2a3sim.model.diff import Census
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pytest_a2a3sim.model.diff import Pair
    from pytest_a2a3sim.model.tensor import Bytes

DISTANCE_BOUNDS: tuple[int, ...] = tuple(lib.a2a3_distance_bounds()[0 : lib.A2A3_DISTANCE_BOUNDS])
ALLOWED_FACTORS: tuple[float, ...] = tuple(lib.a2a3_allowed_factors()[0 : lib.A2A3_ALLOWED_FACTORS])


@frozen
class Measured:
    """The engine's a2a3_difference; flat indices, None where there is no such element.

    Attributes:
        differing: elements with an absolute error, allowed or not.
        mismatched: elements whose absolute error is more than allowed.
        undefined: elements with an absolute error of which one side is not finite.
        beyond_distance: elements with a distance above each of ``DISTANCE_BOUNDS``.
        beyond_allowed: elements with an error above allowed times each of ``ALLOWED_FACTORS``.
        first: the first elements that do not match.
    """

    differing: int
    mismatched: int
    undefined: int
    max_absolute: float
    max_absolute_index: int | None
    max_relative: float
    max_relative_index: int | None
    max_distance: int
    max_distance_index: int | None
    actual: Census
    expected: Census
    beyond_distance: tuple[int, ...]
    beyond_allowed: tuple[int, ...]
    first: tuple[int, ...]


def measure(pair: Pair, threads: int = 1) -> Measured:
    """Compares two tensors in one pass, on at most so many threads."""
    return _measure(pair, threads, ffi.NULL)


def mismatch_mask(pair: Pair, threads: int = 1) -> Bytes:
    """1 where elements do not match and 0 elsewhere, shape ``(size,)``."""
    mask = np.zeros(pair.tensor.size, dtype=np.uint8)
    _measure(pair, threads, _pointer(mask, "uint8_t*"))
    return mask


def _measure(pair: Pair, threads: int, mask: Any) -> Measured:
    tensor = pair.tensor
    element = values("a2a3_element", "A2A3_").get(tensor.dtype, lib.A2A3_FLOAT8)
    meanings = None
    if element == lib.A2A3_FLOAT8:
        meanings = tensor.flat_numbers(np.arange(256, dtype=np.uint8)).astype(np.float64)
    comparison = ffi.new("a2a3_comparison*")
    comparison.actual = _pointer(pair.actual, "void*")
    comparison.expected = _pointer(pair.expected, "void*")
    comparison.count = tensor.size
    comparison.element = element
    comparison.thread_count = threads
    comparison.rtol = pair.tolerance.rtol
    comparison.atol = pair.tolerance.atol
    comparison.nan_differs = not pair.tolerance.equal_nan
    comparison.values = ffi.NULL if meanings is None else _pointer(meanings, "double*")
    comparison.mask = mask
    found = ffi.new("a2a3_difference*")
    check(lib.a2a3_compare(comparison, found), f"tensor {tensor.name!r} cannot be compared")
    return Measured(
        differing=found.differing,
        mismatched=found.mismatched,
        undefined=found.undefined,
        max_absolute=found.max_absolute,
        max_absolute_index=_known(found.max_absolute_index),
        max_relative=found.max_relative,
        max_relative_index=_known(found.max_relative_index),
        max_distance=found.max_distance,
        max_distance_index=_known(found.max_distance_index),
        actual=_census(found.actual),
        expected=_census(found.expected),
        beyond_distance=tuple(found.beyond_distance),
        beyond_allowed=tuple(found.beyond_allowed),
        first=tuple(found.first[0 : found.first_count]),
    )


def _pointer(array: Any, kind: str) -> Any:
    return ffi.cast(kind, array.ctypes.data)


def _known(index: int) -> int | None:
    return None if index < 0 else index


def _census(raw: Any) -> Census:
    return Census(raw.nan, raw.positive_infinity, raw.negative_infinity)
