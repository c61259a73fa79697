"""Arrays and a tolerance -> TensorDiff.

Values match where ``|actual - expected| <= atol + rtol * |expected|``, the rule of
``numpy.allclose``, computed in float64. NaN matches NaN; an infinity matches the same infinity.
Integers differ by their exact distance. bool has no tolerance.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.comparing.native_compare import (
    ALLOWED_FACTORS,
    DISTANCE_BOUNDS,
    Census,
    Measured,
    Pair,
    measure,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.spec import Tolerance

SHOWN_MISMATCHES = 10


@dataclass(frozen=True)
class Difference:
    """One element that does not match.

    Attributes:
        index: in the tensor's own shape.
        difference: ``actual - expected``; exact for ints.
        allowed: ``atol + rtol * |expected|``; 0 for bool and where expected is not finite.
    """

    index: tuple[int, ...]
    actual: Any
    expected: Any
    difference: float
    allowed: float


@dataclass(frozen=True)
class Bin:
    """One bar of a histogram: ``count`` elements with ``above < value <= upto``."""

    above: float
    upto: float
    count: int


@dataclass(frozen=True)
class Diagnosis:
    """What the mismatches of a tensor look like.

    Attributes:
        kind: machine-readable name, such as ``"transposed"``.
        text: the claim with its numbers, as one sentence.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class HeatStrip:
    """Where the mismatches are, along the leading axes.

    Attributes:
        axes: the leading axes that are shown; the others are summed up.
        cells: indices of those axes in C order that share one column.
        shares: mismatched share of each column's elements, 0.0 to 1.0.
    """

    axes: tuple[int, ...]
    cells: int
    shares: tuple[float, ...]


@dataclass(frozen=True)
class TensorDiff:
    """The comparison of one tensor.

    Attributes:
        matched: number of elements that match, of ``size``.
        differing: number of elements that are not equal, whether they match or not.
        max_abs_error: largest ``|actual - expected|``, and where it is first reached; 0 and
            None when all elements are equal. An exact int for int types.
        max_rel_error: largest ``|actual - expected| / |expected|``, likewise; where expected is 0
            and actual is not, it is infinite.
        max_ulp_error: largest distance in representable values among pairs of finite numbers,
            likewise; for int types their difference.
        actual_census: NaN and infinities that the device wrote.
        expected_census: NaN and infinities of compute_golden.
        ulp_histogram: elements by distance; those that are equal or not finite are left out.
        tolerance_histogram: elements by error divided by allowed error.
        mismatches: the first elements that do not match, in C order.
        diagnoses: what the mismatches look like; empty where nothing holds for them.
        heat: where the mismatches are; None for a tensor that matches or has one element.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    size: int
    matched: int
    differing: int
    tolerance: Tolerance
    max_abs_error: float
    max_abs_index: tuple[int, ...] | None
    max_rel_error: float
    max_rel_index: tuple[int, ...] | None
    max_ulp_error: int
    max_ulp_index: tuple[int, ...] | None
    actual_census: Census
    expected_census: Census
    ulp_histogram: tuple[Bin, ...]
    tolerance_histogram: tuple[Bin, ...]
    mismatches: tuple[Difference, ...]
    diagnoses: tuple[Diagnosis, ...] = ()
    heat: HeatStrip | None = None

    @property
    def passed(self) -> bool:
        """Whether every element matches."""
        return self.matched == self.size


def compare(pair: Pair, threads: int = 1) -> TensorDiff:
    """Compares what the device left of a tensor with what compute_golden did.

    Args:
        pair: the two.
        threads: at most so many compare.
    """
    found = measure(pair, threads)
    tensor = pair.tensor
    is_int = tensor.dtype.startswith(("int", "uint"))
    absolute = found.max_distance if is_int else found.max_absolute
    absolute_index = found.max_distance_index if is_int else found.max_absolute_index
    return TensorDiff(
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        size=tensor.size,
        matched=tensor.size - found.mismatched,
        differing=found.differing,
        tolerance=pair.tolerance,
        max_abs_error=absolute,
        max_abs_index=_unravel(absolute_index, tensor.shape),
        max_rel_error=found.max_relative,
        max_rel_index=_unravel(found.max_relative_index, tensor.shape),
        max_ulp_error=found.max_distance,
        max_ulp_index=_unravel(found.max_distance_index, tensor.shape),
        actual_census=found.actual,
        expected_census=found.expected,
        ulp_histogram=_bins(DISTANCE_BOUNDS, found.beyond_distance),
        tolerance_histogram=_tolerance_bins(found),
        mismatches=tuple(_difference(pair, flat) for flat in found.first[:SHOWN_MISMATCHES]),
    )


def _bins(bounds: Sequence[float], beyond: Sequence[int]) -> tuple[Bin, ...]:
    """Counts of elements above each bound -> counts between the bounds, empty bars left out."""
    uppers = [*bounds[1:], np.inf]
    counts = [above - more for above, more in itertools.pairwise([*beyond, 0])]
    return tuple(
        Bin(lower, upper, count)
        for lower, upper, count in zip(bounds, uppers, counts, strict=True)
        if count
    )


def _tolerance_bins(found: Measured) -> tuple[Bin, ...]:
    return _bins((0.0, *ALLOWED_FACTORS), (found.differing, *found.beyond_allowed))


def _difference(pair: Pair, flat: int) -> Difference:
    tensor, tolerance = pair.tensor, pair.tolerance
    itemsize = tensor.nbytes // tensor.size
    element = slice(flat * itemsize, (flat + 1) * itemsize)
    got = tensor.flat_numbers(pair.actual[element])[0]
    wanted = tensor.flat_numbers(pair.expected[element])[0]
    allowed = tolerance.atol + tolerance.rtol * abs(float(wanted))
    exact = tensor.dtype == "bool" or not np.isfinite(wanted)
    return Difference(
        index=_unravel(flat, tensor.shape) or (),
        actual=got,
        expected=wanted,
        difference=_subtract(got, wanted),
        allowed=0.0 if exact else allowed,
    )


def _subtract(actual: np.generic, expected: np.generic) -> float:
    if isinstance(actual, np.integer):
        return int(actual) - int(expected)
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.float64(actual) - np.float64(expected))


def _unravel(flat: int | None, shape: tuple[int, ...]) -> tuple[int, ...] | None:
    if flat is None:
        return None
    return tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()
