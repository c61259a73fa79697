"""Outputs -> what the error maps and histograms of a page are drawn from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.pictures.page.arrays import as_doubles, packed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.diff import Bin, TensorDiff
    from pytest_a2a3sim.model.result import CaseResult

MOST_ELEMENTS = 1 << 15
"""A map with more is of blocks until it is zoomed in."""

MOST_SINGLE = 1 << 20
"""A tensor with more has single elements around the worst one alone: a file has its limits."""

_WIDEST = 4096  # elements of a line of a flat tensor
_SIDE = 128  # blocks, or elements around the worst one, along an axis


def tensor_data(result: CaseResult) -> list[dict[str, Any]]:
    """Each compared output."""
    return [_tensor(result, diff) for diff in result.diffs]


def _tensor(result: CaseResult, diff: TensorDiff) -> dict[str, Any]:
    actual = as_doubles(result.actual[diff.name]).reshape(diff.shape)
    expected = as_doubles(result.expected[diff.name]).reshape(diff.shape)
    with np.errstate(all="ignore"):
        difference = actual - expected
        difference[actual == expected] = 0  # the same infinity
        difference[np.isnan(actual) & np.isnan(expected)] = 0
        allowed = diff.tolerance.atol + diff.tolerance.rtol * np.abs(expected)
        share = np.where(difference == 0, 0.0, np.abs(difference) / allowed)
    share[np.isnan(share)] = math.inf
    worst = float(share.max()) if share.size else 0.0
    return {
        "name": diff.name,
        "shape": list(diff.shape),
        "dtype": diff.dtype,
        "passed": diff.passed,
        "matched": diff.matched,
        "size": diff.size,
        "rtol": diff.tolerance.rtol,
        "atol": diff.tolerance.atol,
        "worst": worst if math.isfinite(worst) else None,
        "equal": not difference.any(),
        "map": _map(actual, expected, difference, share),
        "tolerance": _bins(diff.tolerance_histogram),
        "ulp": _bins(diff.ulp_histogram),
    }


def _bins(bins: Sequence[Bin]) -> list[dict[str, Any]]:
    return [
        {
            "above": each.above,
            "upto": each.upto if math.isfinite(each.upto) else None,
            "count": each.count,
        }
        for each in bins
    ]


def _map(
    actual: npt.NDArray[np.float64],
    expected: npt.NDArray[np.float64],
    difference: npt.NDArray[np.float64],
    share: npt.NDArray[np.float64],
) -> dict[str, Any] | None:
    """The last axis from left to right, the others from top to bottom; None of no element.

    Layers lie upon each other, those of single elements last.
    """
    if actual.size == 0:
        return None
    columns = actual.shape[-1] if actual.ndim > 1 else _columns(actual.size)
    parts = [each.reshape(-1, columns) for each in (actual, expected, difference)]
    share = share.reshape(-1, columns)
    rows, worst = parts[0].shape[0], divmod(_worst(share, parts[2]), columns)
    layers = []
    if actual.size > MOST_ELEMENTS:
        block = (math.ceil(rows / _SIDE), math.ceil(columns / _SIDE))
        layers.append(_layer((0, 0), block, _worst_of_blocks(parts, share, block)))
    if actual.size <= MOST_SINGLE:
        layers.append(_layer((0, 0), (1, 1), parts))
    else:
        top = max(0, min(worst[0] - _SIDE // 2, rows - _SIDE))
        left = max(0, min(worst[1] - _SIDE // 2, columns - _SIDE))
        window = [each[top : top + _SIDE, left : left + _SIDE] for each in parts]
        layers.append(_layer((top, left), (1, 1), window))
    return {
        "rows": rows,
        "columns": columns,
        "whole": actual.size <= MOST_SINGLE,
        "worst": worst if difference.any() else None,
        "layers": layers,
    }


def _worst(share: npt.NDArray[np.float64], difference: npt.NDArray[np.float64]) -> int:
    """The element with the largest error in parts of what is allowed; of many, the largest."""
    candidates = np.flatnonzero(share == share.max())
    error = np.abs(difference.reshape(-1)[candidates])
    return int(candidates[np.where(np.isnan(error), np.inf, error).argmax()])


def _columns(size: int) -> int:
    """How a flat tensor is wrapped: the largest divisor that makes a map no taller than wide."""
    for columns in range(math.isqrt(size), min(size, _WIDEST) + 1):
        if columns and size % columns == 0 and columns >= size // columns:
            return columns
    return max(size, 1) if size <= _WIDEST else 1


def _worst_of_blocks(
    parts: list[npt.NDArray[np.float64]],
    share: npt.NDArray[np.float64],
    block: tuple[int, int],
) -> list[npt.NDArray[np.float64]]:
    rows, columns = (math.ceil(n / b) for n, b in zip(share.shape, block, strict=True))
    pad = ((0, rows * block[0] - share.shape[0]), (0, columns * block[1] - share.shape[1]))

    def blocks(array: npt.NDArray[np.float64], fill: float) -> npt.NDArray[np.float64]:
        padded = np.pad(array, pad, constant_values=fill)
        apart = padded.reshape(rows, block[0], columns, block[1]).transpose(0, 2, 1, 3)
        cells: npt.NDArray[np.float64] = apart.reshape(rows, columns, -1)
        return cells

    at = blocks(share, -1.0).argmax(axis=2)[..., None]
    return [np.take_along_axis(blocks(each, 0.0), at, axis=2)[..., 0] for each in parts]


def _layer(
    origin: tuple[int, int], block: tuple[int, int], parts: list[npt.NDArray[np.float64]]
) -> dict[str, Any]:
    """Expected values and differences; actual ones where those do not say all."""
    actual, expected, difference = parts
    found: dict[str, Any] = {
        "origin": origin,
        "block": block,
        "rows": actual.shape[0],
        "columns": actual.shape[1],
        "expected": packed(expected),
    }
    if difference.any():
        found["difference"] = packed(difference)
        if not np.isfinite(difference).all():
            found["actual"] = packed(actual)
    return found
