"""Where mismatches are: past an index, within some indices of an axis, periodic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST, unlikely
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from pytest_a2a3sim.comparing.diagnose.mismatches import Indices, Mismatches

_FEW = 4  # indices that a sentence lists one by one
_MOST = 0.5  # a larger share of an axis or a period confines nothing
_PERIODS = (*range(2, 65), 96, 128, 192, 256, 384, 512, 768, 1024, 2048, 4096)


def positions(wrong: Mismatches) -> Diagnosis | None:
    """The one statement about where the mismatches are that says most."""
    if wrong.count < FEWEST or wrong.count == wrong.pair.tensor.size:
        return None
    return (
        _tail(wrong)
        or _confined(wrong, listed=1)
        or _periodic(wrong)
        or _confined(wrong, listed=_FEW)
    )


def _tail(wrong: Mismatches) -> Diagnosis | None:
    first, size = int(wrong.flat[0]), wrong.pair.tensor.size
    if wrong.count != size - first:
        return None
    name = wrong.pair.tensor.name
    row = size // wrong.shape[0]
    part = f"{name}[{first // row}:]" if first % row == 0 else f"{name}.reshape(-1)[{first}:]"
    return Diagnosis(
        "tail",
        f"only the tail is wrong: all {wrong.count} elements from flat index {first} on "
        f"mismatch, and none before it: {part}",
    )


def _confined(wrong: Mismatches, *, listed: int) -> Diagnosis | None:
    """Mismatches in a range of an axis, or at no more than ``listed`` indices of it."""
    parts = []
    share = 1.0
    slices = [":"] * len(wrong.shape)
    for axis, indices in enumerate(np.unravel_index(wrong.flat, wrong.shape)):
        length = wrong.shape[axis]
        used = np.flatnonzero(np.bincount(indices, minlength=length))
        compact = bool(used[-1] - used[0] + 1 == len(used))
        if len(used) > _MOST * length or not (compact or len(used) <= listed):
            continue
        share *= len(used) / length
        parts.append(f"index[{axis}] {_named(used, compact)}")
        slices[axis] = _slice(used, compact)
    # The first mismatch is somewhere in any case: the others are what is confined.
    if not parts or not unlikely(share, wrong.count - 1):
        return None
    where = f"{wrong.pair.tensor.name}[{', '.join(slices)}]"
    return Diagnosis(
        "confined", f"all {wrong.count} mismatches have {' and '.join(parts)}: {where}"
    )


def _named(used: Indices, compact: bool) -> str:  # noqa: FBT001 - of the same axis
    if len(used) == 1:
        return f"= {used[0]}"
    if compact:
        return f"in {used[0]}..{used[-1]}"
    return f"in {{{', '.join(map(str, used))}}}"


def _slice(used: Indices, compact: bool) -> str:  # noqa: FBT001 - of the same axis
    if len(used) == 1:
        return str(used[0])
    if compact:
        return f"{used[0]}:{used[-1] + 1}"
    return f"[{', '.join(map(str, used))}]"


def _periodic(wrong: Mismatches) -> Diagnosis | None:
    """Mismatches at some places of a period that repeats along the last axis or in flat order."""
    common = math.gcd(*(int(step) for step in np.unique(np.diff(wrong.flat))))
    periods = (common,) if common > 1 else _PERIODS
    for period in periods:
        used = np.flatnonzero(np.bincount(wrong.flat % period, minlength=period))
        compact = bool(used[-1] - used[0] + 1 == len(used))
        if len(used) > _MOST * period or not compact or wrong.flat[-1] < 2 * period:
            continue
        if not unlikely(len(used) / period, wrong.count - 1):
            continue
        last = len(wrong.shape) - 1
        along_axis = wrong.shape[last] % period == 0
        index = f"index[{last}]" if along_axis else "flat index"
        return Diagnosis(
            "periodic",
            f"periodic: {index} % {period} {_named(used, compact)} in all {wrong.count} mismatches",
        )
    return None
