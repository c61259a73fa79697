"""A tensor that does not match -> what its mismatches look like.

Every diagnosis holds for all mismatches of the tensor, or it is not made. Candidates are found on
a sample of the mismatches and then checked on every one.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from pytest_a2a3sim.comparing.diagnose.cancelled import cancelled
from pytest_a2a3sim.comparing.diagnose.growth import growth
from pytest_a2a3sim.comparing.diagnose.layout import layout
from pytest_a2a3sim.comparing.diagnose.mismatches import Mismatches
from pytest_a2a3sim.comparing.diagnose.positions import positions
from pytest_a2a3sim.comparing.diagnose.values import values
from pytest_a2a3sim.model.diff import Diagnosis, HeatStrip, Pair, TensorDiff

_MOST_COLUMNS = 60


def diagnose(pair: Pair, diff: TensorDiff, threads: int = 1) -> TensorDiff:
    """Adds diagnoses and the heat strip to the comparison of a tensor that does not match."""
    if diff.passed:
        return diff
    wrong = Mismatches.of(pair, threads)
    with np.errstate(all="ignore"):  # whatever the device wrote: infinities, signalling NaNs
        found = _diagnoses(wrong)
    return dataclasses.replace(diff, diagnoses=tuple(found), heat=heat_strip(wrong))


def _diagnoses(wrong: Mismatches) -> list[Diagnosis]:
    value = values(wrong)
    # Of a wave, the opposite is the same wave half a period later: the simpler claim is made.
    rearranged = None if value is not None and value.kind == "negated" else layout(wrong)
    where = None if rearranged else positions(wrong)
    found = [found for found in (rearranged, where, value) if found is not None]
    for look in (cancelled, growth):
        if not found and (seen := look(wrong)) is not None:
            found.append(seen)
    return found


def heat_strip(wrong: Mismatches) -> HeatStrip | None:
    """Shares of mismatches along the leading axes; None for a single element."""
    shape, size = wrong.shape, wrong.pair.tensor.size
    if size <= 1:
        return None
    axes = 1
    while axes < len(shape) and math.prod(shape[: axes + 1]) <= _MOST_COLUMNS:
        axes += 1
    rows = math.prod(shape[:axes])
    cells = -(-rows // _MOST_COLUMNS)
    starts = np.arange(0, rows, cells)
    column = cells * (size // rows)  # elements of all but the last
    counts = np.zeros(starts.size, np.intp)
    for chunk in wrong.chunks():
        counts += np.bincount(chunk // column, minlength=starts.size)
    shares = counts / (np.diff([*starts, rows]) * (size // rows))
    return HeatStrip(tuple(range(axes)), cells, tuple(float(share) for share in shares))
