"""The elements of a tensor that do not match, as numbers, for those who look for a pattern."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pytest_a2a3sim.comparing.parts import parts
from pytest_a2a3sim.engine.compare import mismatch_mask
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_a2a3sim.model.diff import Pair
    from pytest_a2a3sim.model.tensor import Bytes

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

FEWEST = 4
"""Fewer mismatches show no pattern: the report lists them all."""

_SAMPLE = 4096


@frozen
class FloatFormat:
    """A float type: bits of mantissa that are stored, and its least normal exponent."""

    mantissa: int
    exponent: int

    def spacing(self, numbers: Floats) -> Floats:
        """The distance to the next number of the format, for each of them."""
        exponents = np.maximum(np.frexp(numbers)[1] - 1, self.exponent)
        spacing: Floats = np.ldexp(1.0, exponents - self.mantissa)
        return spacing

    def holds(self, numbers: Floats) -> Flags:
        """Which numbers the format has, apart from its range."""
        steps = numbers / self.spacing(numbers)
        flags: Flags = steps == np.rint(steps)
        return flags


FORMATS = {
    "float64": FloatFormat(52, -1022),
    "float32": FloatFormat(23, -126),
    "float16": FloatFormat(10, -14),
    "bfloat16": FloatFormat(7, -126),
    "float8_e4m3fn": FloatFormat(3, -6),
    "float8_e4m3": FloatFormat(3, -6),
    "float8_e4m3fnuz": FloatFormat(3, -7),
    "float8_e4m3b11fnuz": FloatFormat(3, -10),
    "float8_e5m2": FloatFormat(2, -14),
    "float8_e5m2fnuz": FloatFormat(2, -15),
}


@frozen
class Part:
    """Elements from ``start`` on of which ``wrong`` do not match.

    Attributes:
        bits: 1 where an element does not match, packed; None where all or none do.
    """

    start: int
    size: int
    wrong: int
    bits: Bytes | None

    def flat(self) -> Indices:
        """Flat indices of those that do not match, ascending."""
        return self.start + self._inside()

    def at(self, ranks: Indices) -> Indices:
        """The flat indices of some of them, by their rank within the part."""
        return self.start + (ranks if self.bits is None else self._inside()[ranks])

    def _inside(self) -> Indices:
        if self.bits is None:
            return np.arange(self.wrong)
        return np.flatnonzero(np.unpackbits(self.bits, count=self.size))


@frozen
class Mismatches:
    """A pair of tensors and where it does not match.

    A tensor may have billions of mismatches: what they are asked is asked in parts. Numbers are
    float64, which holds those of every dtype but 64-bit ints exactly.
    """

    pair: Pair
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, pair: Pair, threads: int = 1) -> Mismatches:
        """Finds them, on at most so many threads."""
        return cls(pair, tuple(_part(start, part, threads) for start, part in parts(pair)))

    @functools.cached_property
    def count(self) -> int:
        """Number of mismatches."""
        return sum(part.wrong for part in self.parts)

    @property
    def shape(self) -> tuple[int, ...]:
        """The tensor's."""
        return self.pair.tensor.shape

    @property
    def format(self) -> FloatFormat | None:
        """The dtype's; None for ints and bool."""
        return FORMATS.get(self.pair.tensor.dtype)

    @functools.cached_property
    def sample(self) -> Indices:
        """Flat indices of at most 4,096 mismatches, evenly chosen, the first and last included."""
        ranks = np.linspace(0, self.count - 1, min(self.count, _SAMPLE)).astype(np.intp)
        chosen = [np.zeros(0, np.intp)]
        before = 0
        for part in self.parts:
            first, last = np.searchsorted(ranks, (before, before + part.wrong))
            if first < last:
                chosen.append(part.at(ranks[first:last] - before))
            before += part.wrong
        return np.concatenate(chosen)

    def chunks(self) -> Iterator[Indices]:
        """Flat indices of all mismatches, ascending, some at a time."""
        for part in self.parts:
            if part.wrong:
                yield part.flat()

    def actual_at(self, flat: Indices) -> Floats:
        """The device's numbers at flat indices."""
        return self._floats(self.pair.actual, flat)

    def expected_at(self, flat: Indices) -> Floats:
        """The golden's numbers at flat indices."""
        return self._floats(self.pair.expected, flat)

    def _floats(self, raw: Bytes, flat: Indices) -> Floats:
        tensor = self.pair.tensor
        elements = raw.view(f"u{tensor.nbytes // tensor.size}")[flat]
        return as_floats(tensor.flat_numbers(elements.view(np.uint8)))

    def slack(self, actual: Floats, expected: Floats) -> Floats:
        """How far numbers may be apart that count as equal: the tolerance, at least 2 ULPs."""
        tolerance = self.pair.tolerance
        magnitude = np.maximum(np.abs(actual), np.abs(expected))
        magnitude[~np.isfinite(magnitude)] = 0.0
        slack: Floats = tolerance.atol + tolerance.rtol * magnitude
        if self.format is not None:
            slack = np.maximum(slack, 2 * self.format.spacing(magnitude))
        return slack

    def shown(self, number: float) -> str:
        """A number that belongs to the values: of ints every digit, else six."""
        return f"{number:.0f}" if self.format is None and number.is_integer() else f"{number:.6g}"

    def all(self, holds: Callable[[Indices], Flags]) -> bool:
        """Whether something holds for every mismatch; asks for the sample first."""
        return bool(holds(self.sample).all()) and all(
            bool(holds(chunk).all()) for chunk in self.chunks()
        )


def _part(start: int, pair: Pair, threads: int) -> Part:
    mask = mismatch_mask(pair, threads)
    wrong = int(np.count_nonzero(mask))
    is_mixed = 0 < wrong < mask.size
    return Part(start, mask.size, wrong, np.packbits(mask) if is_mixed else None)


def as_floats(numbers: npt.NDArray[Any]) -> Floats:
    """The numbers as float64."""
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return numbers.astype(np.float64)


def unlikely(share: float, count: int) -> bool:
    """Whether ``count`` random elements are all within such a share of a tensor by chance alone.

    One in a million is the bound.
    """
    return share < 1 and count * np.log10(max(share, 1e-300)) < -6  # noqa: PLR2004 - as stated
