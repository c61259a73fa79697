"""A tensor that does not match -> what its mismatches look like.

Every diagnosis holds for all mismatches of the tensor, or it is not made. Candidates are found on
a sample of the mismatches and then checked on every one.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.layout import layout
from pytest_a2a3sim.comparing.diagnose.mismatches import Mismatches
from pytest_a2a3sim.comparing.diagnose.positions import positions
from pytest_a2a3sim.comparing.diagnose.values import growth, values
from pytest_a2a3sim.engine.compare import mismatch_mask
from pytest_a2a3sim.model.diff import HeatStrip, Pair, TensorDiff

if TYPE_CHECKING:
    from pytest_a2a3sim.model.tensor import Bytes

_MOST_COLUMNS = 60


def diagnose(pair: Pair, diff: TensorDiff, threads: int = 1) -> TensorDiff:
    """Adds diagnoses and the heat strip to the comparison of a tensor that does not match."""
    if diff.passed:
        return diff
    mask = mismatch_mask(pair, threads)
    wrong = Mismatches(pair, np.flatnonzero(mask))
    rearranged = layout(wrong)
    where = None if rearranged else positions(wrong)
    found = [found for found in (rearranged, where, values(wrong)) if found is not None]
    if not found and (growing := growth(wrong)) is not None:
        found.append(growing)
    return dataclasses.replace(
        diff, diagnoses=tuple(found), heat=heat_strip(mask, pair.tensor.shape)
    )


def heat_strip(mask: Bytes, shape: tuple[int, ...]) -> HeatStrip | None:
    """Shares of mismatches along the leading axes; None for a single element.

    Args:
        mask: 1 where an element does not match, shape ``(size,)``.
        shape: of the tensor.
    """
    if mask.size <= 1:
        return None
    axes = 1
    while axes < len(shape) and math.prod(shape[: axes + 1]) <= _MOST_COLUMNS:
        axes += 1
    rows = math.prod(shape[:axes])
    wrong = np.count_nonzero(mask.reshape(rows, -1), axis=1)
    cells = -(-rows // _MOST_COLUMNS)
    starts = np.arange(0, rows, cells)
    elements = np.diff([*starts, rows]) * (mask.size // rows)
    shares = np.add.reduceat(wrong, starts) / elements
    return HeatStrip(tuple(range(axes)), cells, tuple(float(share) for share in shares))
