"""Whether wrong results are the expected ones times a factor that differs from row to row."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_a2a3sim.comparing.diagnose.mismatches import Flags, Floats, Indices, Mismatches

_SPREAD = 4.0  # times the slack: less spread values of a row fit any factor
_MOST_ROWS = 1 << 16
_FEW = 4  # blocks that a sentence lists one by one


def factors(wrong: Mismatches) -> Diagnosis | None:
    """A factor for each index of an axis, or of the leading axes, that explains every mismatch."""
    for rows in _rows(wrong.shape):
        if rows.count * 2 * FEWEST <= wrong.count and (found := _factors(wrong, rows)) is not None:
            return found
    return None


class _Rows:
    """The elements that share an index of an axis, or of all axes up to one."""

    def __init__(self, name: str, count: int, stride: int) -> None:
        self.name, self.count, self._stride = name, count, stride

    def of(self, flat: Indices) -> Indices:
        return flat // self._stride % self.count


def _rows(shape: tuple[int, ...]) -> Iterator[_Rows]:
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    for axis, (length, stride) in enumerate(zip(shape, strides, strict=True)):
        if 1 < length <= _MOST_ROWS:
            yield _Rows(f"index[{axis}]", length, stride)
    for axis in range(1, len(shape) - 1):
        count = math.prod(shape[: axis + 1])
        if max(shape[: axis + 1]) < count <= _MOST_ROWS:
            yield _Rows(f"row of reshape({count}, -1)", count, strides[axis])


def _factors(wrong: Mismatches, rows: _Rows) -> Diagnosis | None:
    sample = _Fit(wrong, rows, [wrong.sample])
    if not sample.fits(wrong.sample).all():
        return None
    fit = _Fit(wrong, rows, wrong.chunks())
    if not fit.is_spread or not wrong.all(fit.fits):
        return None
    blocks = fit.blocks
    if len(blocks) == 1:
        return None
    if len(blocks) > _FEW:
        lowest, highest = (pick(factor for _, _, factor in blocks) for pick in (min, max))
        listed = f"{lowest:.6g} to {highest:.6g}, another one in each of {len(blocks)} blocks"
    else:
        listed = ", ".join(
            f"{factor:.6g} at {rows.name} "
            + (f"= {first}" if first == last else f"in {first}..{last}")
            for first, last, factor in blocks
        )
    return Diagnosis(
        "scaled",
        f"constant factor per block of {rows.name}: actual = factor * expected in all "
        f"{wrong.count} mismatches, the factor being {listed}",
    )


class _Fit:
    """The factor of each row that fits its mismatches best: least squares."""

    def __init__(self, wrong: Mismatches, rows: _Rows, chunks: Iterable[Indices]) -> None:
        self._wrong, self._rows = wrong, rows
        self._count, self._sum, self._squares, products = np.zeros((4, rows.count))
        for chunk in chunks:
            actual, expected = wrong.actual_at(chunk), wrong.expected_at(chunk)
            row = rows.of(chunk)
            self._count += np.bincount(row, minlength=rows.count)
            self._sum += np.bincount(row, expected, minlength=rows.count)
            self._squares += np.bincount(row, expected * expected, minlength=rows.count)
            products += np.bincount(row, actual * expected, minlength=rows.count)
        with np.errstate(invalid="ignore", divide="ignore"):
            self._factors: Floats = products / self._squares

    def fits(self, flat: Indices) -> Flags:
        """Which mismatches are what their row's factor makes of the expected value."""
        actual = self._wrong.actual_at(flat)
        with np.errstate(invalid="ignore"):
            model = self._factors[self._rows.of(flat)] * self._wrong.expected_at(flat)
            flags: Flags = np.abs(actual - model) <= self._wrong.slack(actual, model)
        return flags

    @property
    def is_spread(self) -> bool:
        """Whether most rows have mismatches enough, and values that only one factor fits."""
        used = self._count > 0
        count, mean = self._count[used], self._sum[used] / self._count[used]
        squares = self._squares[used] / count
        typical = np.sqrt(squares)
        deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
        good = (count >= FEWEST) & (deviation > _SPREAD * self._wrong.slack(typical, typical))
        return bool(np.count_nonzero(good) > good.size / 2)

    @property
    def blocks(self) -> list[tuple[int, int, float]]:
        """First row, last row and factor of neighbouring rows that share one."""
        used = np.flatnonzero(self._count)
        factors = self._factors[used]
        near = 2 * self._near
        cuts = np.flatnonzero(np.abs(np.diff(factors)) > near * np.abs(factors[1:])) + 1
        bounds = [0, *(int(cut) for cut in cuts), used.size]
        return [
            (int(used[a]), int(used[b - 1]), float(np.median(factors[a:b])))
            for a, b in itertools.pairwise(bounds)
        ]

    @property
    def _near(self) -> float:
        """How far factors may be apart, relative to one, that are the same but for rounding."""
        one = np.ones(1)
        return float(self._wrong.slack(one, one)[0])
