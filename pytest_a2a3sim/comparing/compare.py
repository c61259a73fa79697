"""Arrays and a tolerance -> TensorDiff.

Values match where ``|actual - expected| <= atol + rtol * |expected|``, the rule of
``numpy.allclose``, computed in float64. NaN matches NaN; an infinity matches the same infinity.
Integers differ by their exact distance. bool has no tolerance.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.engine.compare import ALLOWED_FACTORS, DISTANCE_BOUNDS, Measured, measure
from pytest_a2a3sim.model.diff import Bin, Difference, TensorDiff

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.diff import Pair

SHOWN_MISMATCHES = 10


def compare(pair: Pair, threads: int = 1) -> TensorDiff:
    """Compares what the device left of a tensor with what compute_golden did.

    Args:
        pair: the two.
        threads: at most so many compare.
    """
    found = measure(pair, threads)
    tensor = pair.tensor
    size = tensor.size if pair.compared is None else int(np.count_nonzero(pair.compared))
    is_int = tensor.dtype.startswith(("int", "uint"))
    absolute = found.max_distance if is_int else found.max_absolute
    absolute_index = found.max_distance_index if is_int else found.max_absolute_index
    return TensorDiff(
        name=tensor.name,
        shape=tensor.shape,
        dtype=tensor.dtype,
        size=size,
        matched=size - found.mismatched,
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
        left_out=tensor.size - size,
        why_left_out=pair.why_not,
        beyond_budget=_beyond_budget(pair, found.mismatched, threads),
    )


def _beyond_budget(pair: Pair, mismatched: int, threads: int) -> int:
    budget = pair.tolerance.budget
    if budget is None or not mismatched:
        return mismatched
    widest = dataclasses.replace(pair.tolerance, rtol=budget.rtol, atol=budget.atol)
    return measure(dataclasses.replace(pair, tolerance=widest), threads).mismatched


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
    byte = int(pair.actual[flat]) if tensor.dtype == "bool" else None
    exact = tensor.dtype == "bool" or not np.isfinite(wanted)
    return Difference(
        index=_unravel(flat, tensor.shape) or (),
        actual=got,
        expected=wanted,
        difference=_subtract(got, wanted) if byte is None else float(byte - int(wanted)),
        allowed=0.0 if exact else allowed,
        byte=None if byte is None or byte <= 1 else byte,
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
