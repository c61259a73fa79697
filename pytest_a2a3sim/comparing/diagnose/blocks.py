"""Whether wrong results are the expected ones times a factor, or plus an offset, of each block."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST
from pytest_a2a3sim.model.diff import Diagnosis
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_a2a3sim.comparing.diagnose.mismatches import Flags, Floats, Indices, Mismatches

_SPREAD = 4.0  # times the slack: less spread values of a row fit any factor
_MOST_ROWS = 1 << 16
_SMALLEST_BLOCK = 8
_MOST_BLOCKS = 1 << 12  # of a flat tensor, or to be told from one another
_FEW = 4  # blocks that a sentence lists one by one

_Model = Literal["factor", "offset"]
_KINDS: dict[_Model, str] = {"factor": "scaled", "offset": "offset"}
_FORMULAS: dict[_Model, str] = {
    "factor": "actual = factor * expected",
    "offset": "actual = expected + offset",
}


def factors(wrong: Mismatches) -> Diagnosis | None:
    """A factor for each index of an axis, or of the leading axes, that explains every mismatch."""
    return _of_rows(wrong, "factor")


def offsets(wrong: Mismatches) -> Diagnosis | None:
    """The same of an offset: a bias or a carry that was left out, or added to what it must not."""
    return _of_rows(wrong, "offset")


def _of_rows(wrong: Mismatches, model: _Model) -> Diagnosis | None:
    for rows in _rows(wrong.shape):
        if rows.count * 2 * FEWEST > wrong.count:
            continue
        if (found := _numbers_of(wrong, rows, model)) is not None:
            return found
    return None


@frozen
class _Rows:
    """The elements that share an index of an axis, or of all axes up to one, or a block.

    Attributes:
        name: of what has one number.
        index: what is counted.
        width: indices that are one row.
        length: indices that there are.
        stride: elements from one row to the next.
    """

    name: str
    index: str
    width: int
    length: int
    stride: int

    @property
    def count(self) -> int:
        return -(-self.length // self.width)

    def of(self, flat: Indices) -> Indices:
        return flat // self.stride % self.count

    def span(self, first: int, last: int) -> str:
        """Neighbouring rows in words."""
        begin, end = first * self.width, min((last + 1) * self.width, self.length) - 1
        return f"{self.index} " + (f"= {begin}" if begin == end else f"in {begin}..{end}")


def _rows(shape: tuple[int, ...]) -> Iterator[_Rows]:
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    for axis, (length, stride) in enumerate(zip(shape, strides, strict=True)):
        if 1 < length <= _MOST_ROWS:
            index = f"index[{axis}]"
            yield _Rows(f"block of {index}", index, 1, length, stride)
    for axis in range(1, len(shape) - 1):
        count = math.prod(shape[: axis + 1])
        if max(shape[: axis + 1]) < count <= _MOST_ROWS:
            index = f"row of reshape({count}, -1)"
            yield _Rows(f"block of {index}", index, 1, count, strides[axis])
    long = [axis for axis, length in enumerate(shape) if length > 1]
    if len(long) == 1:
        length = shape[long[0]]
        for width in _widths(length):
            if -(-length // width) <= _MOST_BLOCKS:
                name = f"block of {width} elements"
                yield _Rows(name, f"index[{long[0]}]", width, length, width)


def _widths(length: int) -> Iterator[int]:
    """Widths of blocks to try, the largest first: 2 ** n and 3 * 2 ** n."""
    power = 1 << length.bit_length()
    while power >= _SMALLEST_BLOCK:
        for width in (power, power // 4 * 3):
            if _SMALLEST_BLOCK <= width < length:
                yield width
        power //= 2


def _numbers_of(wrong: Mismatches, rows: _Rows, model: _Model) -> Diagnosis | None:
    if not _Fit(wrong, rows, model, [wrong.sample]).fits(wrong.sample).all():
        return None
    fit = _Fit(wrong, rows, model, wrong.chunks())
    if not fit.is_spread or not wrong.all(fit.fits):
        return None
    lowest, highest, near = fit.bounds
    blocks = fit.blocks
    if highest - lowest <= near or len(blocks) == 1:
        return None
    if not 0 < len(blocks) <= _FEW or not all(block.is_constant for block in blocks):
        listed = f"between {wrong.shown(lowest)} and {wrong.shown(highest)}"
    else:
        listed = ", ".join(
            f"{wrong.shown(block.middle)} at {rows.span(block.first, block.last)}"
            for block in blocks
        )
    return Diagnosis(
        _KINDS[model],
        f"constant {model} per {rows.name}: {_FORMULAS[model]} in all {wrong.count} mismatches, "
        f"the {model} being {listed}",
        f"constant {model} per {rows.name}",
    )


@dataclass
class _Block:
    """Neighbouring rows that share a number, as near as the tolerance tells."""

    first: int
    last: int
    lowest: float
    highest: float
    near: float

    @property
    def middle(self) -> float:
        return (self.lowest + self.highest) / 2

    @property
    def is_constant(self) -> bool:
        """Whether it is one number, not one that changes little from row to row."""
        return 4 * (self.highest - self.lowest) <= self.near

    def with_row(self, row: int, number: float, near: float) -> _Block:
        lowest, highest = min(self.lowest, number), max(self.highest, number)
        return _Block(self.first, row, lowest, highest, max(self.near, near))


class _Fit:
    """The number of each row that fits its mismatches best: least squares."""

    def __init__(
        self, wrong: Mismatches, rows: _Rows, model: _Model, chunks: Iterable[Indices]
    ) -> None:
        self._wrong, self._rows, self._model = wrong, rows, model
        self._count, self._sum, self._squares, products = np.zeros((4, rows.count))
        for chunk in chunks:
            actual, expected = wrong.actual_at(chunk), wrong.expected_at(chunk)
            row = rows.of(chunk)
            self._count += np.bincount(row, minlength=rows.count)
            self._sum += np.bincount(row, expected, minlength=rows.count)
            self._squares += np.bincount(row, expected * expected, minlength=rows.count)
            weight = actual * expected if model == "factor" else actual - expected
            products += np.bincount(row, weight, minlength=rows.count)
        with np.errstate(invalid="ignore", divide="ignore"):
            self._numbers: Floats = products
            self._numbers /= self._squares if model == "factor" else self._count

    def fits(self, flat: Indices) -> Flags:
        """Which mismatches are what their row's number makes of the expected value."""
        actual, expected = self._wrong.actual_at(flat), self._wrong.expected_at(flat)
        number = self._numbers[self._rows.of(flat)]
        with np.errstate(invalid="ignore"):
            model = number * expected if self._model == "factor" else expected + number
            flags: Flags = np.abs(actual - model) <= self._wrong.slack(actual, model)
        return flags

    @property
    def is_spread(self) -> bool:
        """Whether most rows have mismatches enough, and values that only one number fits."""
        used = good = 0
        for first in range(0, self._rows.count, _MOST_BLOCKS):
            piece = np.s_[first : first + _MOST_BLOCKS]
            count = np.maximum(self._count[piece], 1)
            mean, squares = self._sum[piece] / count, self._squares[piece] / count
            typical = np.sqrt(squares)
            deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
            spread = deviation > _SPREAD * self._wrong.slack(typical, typical)
            used += np.count_nonzero(self._count[piece])
            good += np.count_nonzero(spread & (count >= FEWEST))
        return good > used / 2

    @property
    def bounds(self) -> tuple[float, float, float]:
        """The lowest and the highest number, and how far apart they may be to be one."""
        used = np.flatnonzero(self._count)
        numbers = self._numbers[used]
        return float(numbers.min()), float(numbers.max()), float(self._near(used).max())

    @property
    def blocks(self) -> list[_Block]:
        """Neighbouring rows whose numbers are as near to one another as the tolerance tells.

        None are found where there are too many.
        """
        blocks: list[_Block] = []
        used = np.flatnonzero(self._count)
        if used.size > _MOST_BLOCKS:
            return blocks
        for row, number, near in zip(
            used.tolist(), self._numbers[used].tolist(), self._near(used).tolist(), strict=True
        ):
            joined = blocks[-1].with_row(row, number, near) if blocks else None
            if joined is not None and joined.highest - joined.lowest <= joined.near:
                blocks[-1] = joined
            else:
                blocks.append(_Block(row, row, number, number, near))
        return blocks

    def _near(self, used: Indices) -> Floats:
        """How far numbers may be apart that are the same but for rounding."""
        typical = np.sqrt(self._squares[used] / self._count[used])
        if self._model == "offset":
            return 2 * self._wrong.slack(typical, typical)
        one = np.ones(1)
        near: Floats = 2 * float(self._wrong.slack(one, one)[0]) * np.abs(self._numbers[used])
        return near
