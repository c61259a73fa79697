"""Whether a result is the expected one in other places: transposed or shifted."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST, Indices
from pytest_a2a3sim.comparing.parts import parts
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_a2a3sim.comparing.diagnose.mismatches import Flags, Mismatches

_PROBES = 8
_MOST_SOURCES = 64
_TILES = (128, 64, 32, 16, 8, 4)
_DISTINCT = 8  # values that a rearrangement must move to be seen as one


def layout(wrong: Mismatches) -> Diagnosis | None:
    """A rearrangement of the expected elements that explains every mismatch."""
    varied = np.unique(wrong.expected_at(wrong.sample)).size >= _DISTINCT
    if wrong.count < FEWEST or not varied:
        return None
    return _transposed(wrong) or _shifted(wrong)


def _transposed(wrong: Mismatches) -> Diagnosis | None:
    for shape, axes in _orders(wrong.shape):
        stored = tuple(shape[axis] for axis in axes)
        source_of = _Transposed(shape, axes, stored)
        if not wrong.all(lambda flat, source_of=source_of: _equals(wrong, flat, source_of(flat))):  # type: ignore[misc]
            continue
        name = wrong.pair.tensor.name
        return Diagnosis(
            "transposed",
            f"transposed: {name} holds expected.reshape{shape}.transpose{axes} in C order, as "
            f"all {wrong.count} mismatches show",
            "transposed",
        )
    return None


class _Transposed:
    """Maps flat indices of a transposed array to those of the original."""

    def __init__(
        self, shape: tuple[int, ...], axes: tuple[int, ...], stored: tuple[int, ...]
    ) -> None:
        self._shape, self._axes, self._stored = shape, axes, stored

    def __call__(self, flat: Indices) -> Indices:
        at = np.unravel_index(flat, self._stored)
        back = [at[self._axes.index(axis)] for axis in range(len(self._shape))]
        return np.asarray(np.ravel_multi_index(back, self._shape))


def _orders(shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Shapes and permutations of their axes to try: two axes swapped, or a flat one factored."""
    long = tuple(length for length in shape if length > 1)
    for first, second in itertools.combinations(range(len(long)), 2):
        axes = list(range(len(long)))
        axes[first], axes[second] = second, first
        yield long, tuple(axes)
    yield from _tiles(long)
    if len(long) == 1:
        size = long[0]
        for rows in range(2, math.isqrt(size) + 1):
            if size % rows == 0:
                yield (rows, size // rows), (1, 0)
                yield (size // rows, rows), (1, 0)


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The last two axes, as square tiles each of which is transposed."""
    if len(shape) < 2:  # noqa: PLR2004 - rows and columns
        return
    *lead, rows, columns = shape
    axes = tuple(range(len(lead)))
    row, inner_row, column, inner_column = range(len(lead), len(lead) + 4)
    for tile in _TILES:
        if rows % tile == columns % tile == 0 and tile < max(rows, columns):
            yield (
                (*lead, rows // tile, tile, columns // tile, tile),
                (*axes, row, inner_column, column, inner_row),
            )


def _shifted(wrong: Mismatches) -> Diagnosis | None:
    """Mismatches that hold what belongs a constant number of places before or after them."""
    tried = set()
    # Evenly spaced probes could all be at an edge, where a shift brings in something else.
    for probe in np.random.default_rng(0).permutation(wrong.sample)[:_PROBES]:
        for source in _sources(wrong, int(probe)):
            if (by := int(probe) - source) in tried or by == 0:
                continue
            tried.add(by)
            if (found := _shift(wrong, int(probe), source)) is not None:
                return found
    return None


def _sources(wrong: Mismatches, probe: int) -> list[int]:
    """Flat indices of the expected elements that a wrong one equals, the nearest first."""
    value = wrong.actual_at(np.array([probe]))
    if not np.isfinite(value[0]):
        return []
    slack = float(wrong.slack(value, value)[0])
    lowest, highest = float(value[0]) - slack, float(value[0]) + slack
    nearest = np.zeros(0, np.intp)
    for start, part in parts(wrong.pair):
        numbers = part.tensor.flat_numbers(part.expected)
        equal = np.flatnonzero((numbers >= lowest) & (numbers <= highest)) + start
        found = np.concatenate([np.sort(nearest), equal])
        nearest = found[np.argsort(np.abs(found - probe), kind="stable")][:_MOST_SOURCES]
    return [int(source) for source in nearest]


def _shift(wrong: Mismatches, probe: int, source: int) -> Diagnosis | None:
    at, origin = (np.unravel_index(flat, wrong.shape) for flat in (probe, source))
    moved = [axis for axis in range(len(wrong.shape)) if at[axis] != origin[axis]]
    name = wrong.pair.tensor.name
    if len(moved) == 1:
        axis = moved[0]
        by = int(at[axis] - origin[axis])
        stride = math.prod(wrong.shape[axis + 1 :])
        length = wrong.shape[axis]

        def inside(flat: Indices) -> Flags:
            return _inside(flat // stride % length, by, length)

        if (count := _explained(wrong, by * stride, inside)) > 0:
            target = ", ".join([":"] * axis + [_part(by)])
            origin_part = ", ".join([":"] * axis + [_part(-by)])
            return Diagnosis(
                "shifted",
                f"shifted by {by} along axis {axis}: {name}[{target}] equals "
                f"expected[{origin_part}] in all {count} mismatches there",
                f"shifted by {by} along axis {axis}",
            )
    by, size = probe - source, wrong.pair.tensor.size
    if (count := _explained(wrong, by, lambda flat: _inside(flat, by, size))) > 0:
        return Diagnosis(
            "shifted",
            f"shifted by {by} in flat order: {name}.reshape(-1)[{_part(by)}] equals "
            f"expected.reshape(-1)[{_part(-by)}] in all {count} mismatches there",
            f"shifted by {by} in flat order",
        )
    return None


def _part(by: int) -> str:
    return f"{by}:" if by > 0 else f":{by}"


def _inside(indices: Indices, by: int, length: int) -> Flags:
    source = indices - by
    flags: Flags = (source >= 0) & (source < length)
    return flags


def _explained(wrong: Mismatches, by: int, inside: Callable[[Indices], Flags]) -> int:
    """How many mismatches the shift explains: all that have a source, and at least half; else 0."""
    sample = wrong.sample[inside(wrong.sample)]
    sample = sample[:: max(1, sample.size // _MOST_SOURCES)]
    count = 0
    for flat in itertools.chain([sample], (chunk[inside(chunk)] for chunk in wrong.chunks())):
        if not _equals(wrong, flat, flat - by).all():
            return 0
        count += flat.size
    count -= sample.size
    return count if count >= max(FEWEST, wrong.count / 2) else 0


def _equals(wrong: Mismatches, flat: Indices, source: Indices) -> Flags:
    actual, expected = wrong.actual_at(flat), wrong.expected_at(source)
    with np.errstate(invalid="ignore"):
        near = np.abs(actual - expected) <= wrong.slack(actual, expected)
    flags: Flags = near | (actual == expected) | (np.isnan(actual) & np.isnan(expected))
    return flags
