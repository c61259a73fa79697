"""Arrays and a tolerance -> TensorDiff.

Values match where ``|actual - expected| <= atol + rtol * |expected|``, the rule of
``numpy.allclose``, computed in float64. NaN matches NaN; an infinity matches the same infinity.
Integers differ by their exact distance. bool has no tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pytest_a2a3sim.spec import Tolerance

SHOWN_MISMATCHES = 10
_CHUNK = 1 << 20

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """One element that does not match, or the one with the largest error.

    Attributes:
        index: in the tensor's own shape.
        difference: ``actual - expected``.
        allowed: ``atol + rtol * |expected|``.
    """

    index: tuple[int, ...]
    actual: Any
    expected: Any
    difference: float
    allowed: float


@dataclass(frozen=True)
class TensorDiff:
    """The comparison of one tensor.

    Attributes:
        matched: number of elements that match, of ``size``.
        max_abs_error: largest ``|actual - expected|``, and where it is first reached; 0.0 and
            None when all elements are equal.
        max_rel_error: largest ``|actual - expected| / |expected|``, likewise; where expected is 0
            and actual is not, it is infinite.
        mismatches: the first elements that do not match, in C order.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    matched: int
    tolerance: Tolerance
    max_abs_error: float
    max_abs_index: tuple[int, ...] | None
    max_rel_error: float
    max_rel_index: tuple[int, ...] | None
    mismatches: tuple[Difference, ...]

    @property
    def passed(self) -> bool:
        """Whether every element matches."""
        return self.matched == self.size


class _Largest:
    """The largest error so far and the flat index at which it was first reached."""

    def __init__(self) -> None:
        self.error = 0.0
        self.index: int | None = None

    def update(self, errors: Floats, start: int) -> None:
        position = int(np.argmax(errors))
        if errors[position] > self.error:
            self.error = float(errors[position])
            self.index = start + position


def compare(
    name: str,
    actual: npt.NDArray[Any],
    expected: npt.NDArray[Any],
    tolerance: Tolerance,
    dtype: str | None = None,
) -> TensorDiff:
    """Compares two arrays of the same shape and dtype.

    Args:
        name: of the tensor, for the report.
        actual: what the device produced.
        expected: what compute_golden produced.
        tolerance: allowed difference.
        dtype: the dtype to report where the arrays are a widened form of it.
    """
    flat_actual = actual.reshape(-1)
    flat_expected = expected.reshape(-1)
    absolute, relative = _Largest(), _Largest()
    matched = 0
    shown: list[int] = []
    for start in range(0, flat_actual.size, _CHUNK):
        a, e = flat_actual[start : start + _CHUNK], flat_expected[start : start + _CHUNK]
        errors, allowed = _errors(a, e), _allowed(e, tolerance)
        matches = errors <= allowed
        matched += int(np.count_nonzero(matches))
        absolute.update(errors, start)
        relative.update(_relative(errors, e), start)
        if len(shown) < SHOWN_MISMATCHES:
            wrong = np.flatnonzero(~matches)[: SHOWN_MISMATCHES - len(shown)]
            shown.extend(start + int(position) for position in wrong)
    shape = tuple(actual.shape)
    return TensorDiff(
        name=name,
        shape=shape,
        dtype=dtype or str(actual.dtype),
        size=flat_actual.size,
        matched=matched,
        tolerance=tolerance,
        max_abs_error=absolute.error,
        max_abs_index=_unravel(absolute.index, shape),
        max_rel_error=relative.error,
        max_rel_index=_unravel(relative.index, shape),
        mismatches=tuple(
            _difference(flat_actual[flat], flat_expected[flat], _unravel(flat, shape), tolerance)
            for flat in shown
        ),
    )


def _errors(actual: npt.NDArray[Any], expected: npt.NDArray[Any]) -> Floats:
    """``|actual - expected|`` in float64: 0 for NaN and NaN, infinite for NaN and a number."""
    if actual.dtype.kind in "iu":
        larger, smaller = np.maximum(actual, expected), np.minimum(actual, expected)
        unsigned = np.dtype(f"u{actual.dtype.itemsize}")
        distance: Floats = (larger.view(unsigned) - smaller.view(unsigned)).astype(np.float64)
        return distance
    if actual.dtype.kind == "b":
        return np.where(actual == expected, 0.0, np.inf)
    a, e = actual.astype(np.float64), expected.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        errors = np.abs(a - e)
    undefined = np.isnan(errors)
    if undefined.any():  # NaN on a side, or infinities of one sign
        errors[undefined] = np.inf
        errors[(a == e) | (np.isnan(a) & np.isnan(e))] = 0.0
    return errors


def _allowed(expected: npt.NDArray[Any], tolerance: Tolerance) -> Floats:
    magnitude: Floats = np.abs(expected.astype(np.float64))
    allowed: Floats = tolerance.atol + tolerance.rtol * magnitude
    # An infinite or undefined expectation allows nothing: only an error of 0 matches it.
    allowed[~np.isfinite(magnitude)] = 0.0
    return allowed


def _relative(errors: Floats, expected: npt.NDArray[Any]) -> Floats:
    magnitude = np.abs(expected.astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        relative = errors / magnitude
    relative[np.isnan(relative)] = np.inf  # an error against an infinite or undefined expectation
    relative[errors == 0] = 0.0
    return relative


def _difference(
    actual: np.generic, expected: np.generic, index: tuple[int, ...] | None, tolerance: Tolerance
) -> Difference:
    pair = np.asarray([expected])
    with np.errstate(invalid="ignore", over="ignore"):
        if isinstance(actual, np.integer):
            difference = float(int(actual) - int(expected))
        else:
            difference = float(np.float64(actual) - np.float64(expected))
    return Difference(
        index=index or (),
        actual=actual,
        expected=expected,
        difference=difference,
        allowed=0.0 if actual.dtype.kind == "b" else float(_allowed(pair, tolerance)[0]),
    )


def _unravel(flat: int | None, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    if flat is None:
        return None
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()
