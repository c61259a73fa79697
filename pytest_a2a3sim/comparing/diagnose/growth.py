"""Whether errors grow along an axis, as accumulated ones do."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST, as_floats
from pytest_a2a3sim.comparing.parts import PART
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from pytest_a2a3sim.comparing.diagnose.mismatches import Floats, Mismatches
    from pytest_a2a3sim.model.diff import Pair
    from pytest_a2a3sim.model.tensor import Bytes

_QUARTERS = 4
_SHORTEST_GROWTH = 16
_GROWTH = 4.0
_CORRELATION = 0.8


def growth(wrong: Mismatches) -> Diagnosis | None:
    """Errors that grow along an axis, faster than the expected values do."""
    if wrong.count < FEWEST:
        return None
    for axis, length in enumerate(wrong.shape):
        if length < _SHORTEST_GROWTH:
            continue
        trend = _Trend(length)
        for first, error, magnitude in _means(wrong.pair, axis):
            if not np.isfinite(error).all():
                return None
            trend.add(first, error, magnitude)
        if trend.rise >= _GROWTH and trend.correlation >= _CORRELATION:
            return Diagnosis(
                "growing",
                f"the error grows along axis {axis}: on average {trend.outer[0]:.3g} in its first "
                f"quarter and {trend.outer[1]:.3g} in its last, as accumulated errors do",
                f"the error grows along axis {axis}",
            )
    return None


class _Trend:
    """Mean errors of parts of an axis, from the errors at its indices as they come."""

    def __init__(self, length: int) -> None:
        quarter = math.ceil(length / _QUARTERS)
        self._outer = [(0, quarter), (length - quarter, length)]
        # Means of 8 to 16 equal parts, so that noise does not hide a trend.
        count = min(16, length // 2)
        bounds = [length // count * i + min(i, length % count) for i in range(count + 1)]
        self._blocks = list(itertools.pairwise(bounds))
        self.outer = np.zeros(2)
        self.relative = np.zeros(2)
        self.blocks = np.zeros(count)

    def add(self, first: int, error: Floats, magnitude: Floats) -> None:
        """Takes in means at the indices from ``first`` on."""
        _accumulate(self.outer, self._outer, first, error)
        _accumulate(self.relative, self._outer, first, error / np.maximum(magnitude, 1e-300))
        _accumulate(self.blocks, self._blocks, first, error)

    @property
    def rise(self) -> float:
        """How many times larger the last quarter's errors are, relative to the values at least."""
        return min(float(last / max(first, 1e-300)) for first, last in (self.outer, self.relative))

    @property
    def correlation(self) -> float:
        """Of the ranks of the blocks' errors with their order."""
        ranks = np.argsort(np.argsort(self.blocks))
        return float(np.corrcoef(ranks, np.arange(ranks.size))[0, 1])


def _accumulate(means: Floats, ranges: list[tuple[int, int]], first: int, numbers: Floats) -> None:
    for place, (start, stop) in enumerate(ranges):
        inside = numbers[max(start - first, 0) : max(stop - first, 0)]
        means[place] += inside.sum() / (stop - start)


def _means(pair: Pair, axis: int) -> Iterator[tuple[int, Floats, Floats]]:
    """Mean error and mean magnitude at indices of an axis: the first index, and both of some."""
    shape = pair.tensor.shape
    length, outer, inner = shape[axis], math.prod(shape[:axis]), math.prod(shape[axis + 1 :])
    some = min(length, PART)
    inner_step = min(inner, max(1, PART // some))
    outer_step = max(1, PART // (some * inner_step))
    actual, expected = (_blocks_of(pair, raw, axis) for raw in (pair.actual, pair.expected))
    for first in range(0, length, some):
        stop = min(first + some, length)
        error, magnitude = np.zeros(stop - first), np.zeros(stop - first)
        for i in range(0, outer, outer_step):
            for j in range(0, inner, inner_step):
                part = np.s_[i : i + outer_step, first:stop, j : j + inner_step]
                wanted = _numbers(pair, expected[part])
                with np.errstate(invalid="ignore"):  # of infinities
                    error += np.abs(_numbers(pair, actual[part]) - wanted).sum(axis=(0, 2))
                magnitude += np.abs(wanted).sum(axis=(0, 2))
        yield first, error / (outer * inner), magnitude / (outer * inner)


def _blocks_of(pair: Pair, raw: Bytes, axis: int) -> npt.NDArray[np.uint64]:
    """Elements as unsigned ints, shape (before the axis, axis, after it)."""
    tensor = pair.tensor
    shape = (math.prod(tensor.shape[:axis]), tensor.shape[axis], -1)
    elements: npt.NDArray[np.uint64] = raw.view(f"u{tensor.nbytes // tensor.size}").reshape(shape)
    return elements


def _numbers(pair: Pair, elements: npt.NDArray[np.uint64]) -> Floats:
    raw = np.ascontiguousarray(elements).reshape(-1).view(np.uint8)
    return as_floats(pair.tensor.flat_numbers(raw)).reshape(elements.shape)
