"""How far a tensor is from what is expected -> lines, of those distances that mean something.

An infinite distance says no more than that a NaN, an infinity or a zero is there, which other lines
say. A ULP distance tells how many roundings numbers are apart that are close: past the number of
values between two powers of two, numbers are further apart than by a factor of two, and the count
measures their exponents.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.diff import Bin, TensorDiff

_MOST_BINS = 7
_MOST_ULPS = {"float64": 1 << 52, "float32": 1 << 23, "float16": 1 << 10, "bfloat16": 1 << 7}
_MOST_ULPS_FLOAT8 = 1 << 3


def distances_text(diff: TensorDiff) -> str:
    """``, max abs 0.5, rel 0.125, ULP 512`` without those that mean nothing."""
    names = {"absolute error": "abs", "relative error": "rel", "ULP distance": "ULP"}
    parts = [f"{names[label]} {number(value)}" for label, value, _ in _largest(diff)]
    return f", max {', '.join(parts)}" if parts else ""


def largest_lines(diff: TensorDiff) -> Iterator[str]:
    """A line for each kind of distance, with the element where it is largest."""
    for label, error, index in _largest(diff):
        yield f"  largest {label} {number(error)} at {element(diff, index)}"


def _largest(diff: TensorDiff) -> Iterator[tuple[str, float, tuple[int, ...]]]:
    for label, error, index in (
        ("absolute error", diff.max_abs_error, diff.max_abs_index),
        ("relative error", diff.max_rel_error, diff.max_rel_index),
    ):
        if index is not None and math.isfinite(error):
            yield label, error, index
    if (
        diff.max_ulp_index is not None
        and _has_ulps(diff)
        and diff.max_ulp_error <= _most_ulps(diff)
    ):
        yield "ULP distance", diff.max_ulp_error, diff.max_ulp_index


def _has_ulps(diff: TensorDiff) -> bool:
    """Whether it holds floats: of ints, the ULP distance is the absolute error."""
    return diff.dtype.startswith(("float", "bfloat"))


def _most_ulps(diff: TensorDiff) -> int:
    return _MOST_ULPS.get(diff.dtype, _MOST_ULPS_FLOAT8)


def histogram_lines(diff: TensorDiff) -> Iterator[str]:
    """Elements by error in what is allowed and in ULPs."""
    tolerance = diff.tolerance
    bars = diff.tolerance_histogram
    endless = math.isinf(diff.max_abs_error) and all(math.isinf(bar.upto) for bar in bars)
    if bars and not endless and (tolerance.rtol > 0 or tolerance.atol > 0):
        yield f"  error / allowed: {_histogram(bars)}"
    most = _most_ulps(diff)
    if _has_ulps(diff) and any(bar.upto <= most for bar in diff.ulp_histogram):
        yield f"  error in ULPs: {_histogram(diff.ulp_histogram)}"


def _histogram(bins: Sequence[Bin]) -> str:
    """The bars as ``count in above..upto``, the ones with the largest counts."""
    shown = sorted(sorted(bins, key=lambda each: -each.count)[:_MOST_BINS], key=lambda b: b.above)
    parts = [
        f"{each.count} above {_bound(each.above)}"
        if math.isinf(each.upto)
        else f"{each.count} in {_bound(each.above)}..{_bound(each.upto)}"
        for each in shown
    ]
    hidden = len(bins) - len(shown)
    return ", ".join(parts) + (f", and {hidden} smaller" if hidden else "")


def _bound(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else f"{bound:g}"


def element(diff: TensorDiff, index: tuple[int, ...]) -> str:
    """An element as NumPy code, such as ``out[3, 17]``; ``out[()]`` of a 0-d tensor."""
    return f"{diff.name}[{', '.join(map(str, index)) or '()'}]"


def number(value: float) -> str:
    """An int as it is, a float with six digits."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"
