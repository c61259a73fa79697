"""Where mismatches are: past an index, within some indices of an axis, periodic."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST, unlikely
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    first, size = int(wrong.sample[0]), wrong.pair.tensor.size
    if wrong.count != size - first:
        return None
    name = wrong.pair.tensor.name
    row = size // wrong.shape[0]
    part = f"{name}[{first // row}:]" if first % row == 0 else f"{name}.reshape(-1)[{first}:]"
    return Diagnosis(
        "tail",
        f"only the tail is wrong: all {wrong.count} elements from flat index {first} on "
        f"mismatch, and none before it: {part}",
        f"in {part}",
    )


def _confined(wrong: Mismatches, *, listed: int) -> Diagnosis | None:
    """Mismatches in a range of an axis, or at no more than ``listed`` indices of it."""
    parts = []
    share = 1.0
    slices = [":"] * len(wrong.shape)
    for axis, (count, used) in enumerate(_used(wrong)):
        length = wrong.shape[axis]
        compact = bool(used[-1] - used[0] + 1 == count)
        if count > _MOST * length or not (compact or count <= listed):
            continue
        share *= count / length
        parts.append(f"index[{axis}] {_named(used, compact)}")
        slices[axis] = _slice(used, compact)
    # The first mismatch is somewhere in any case: the others are what is confined.
    if not parts or not unlikely(share, wrong.count - 1):
        return None
    where = f"{wrong.pair.tensor.name}[{', '.join(slices)}]"
    return Diagnosis(
        "confined",
        f"all {wrong.count} mismatches have {' and '.join(parts)}: {where}",
        f"in {where}",
    )


def _used(wrong: Mismatches) -> Iterator[tuple[int, Indices]]:
    """By axis: how many of its indices mismatches have, and which; of many, the first and last."""
    size = wrong.pair.tensor.size
    flags = [np.zeros(0 if length == size else length, bool) for length in wrong.shape]
    for chunk in wrong.chunks():
        for of_axis, indices in zip(flags, np.unravel_index(chunk, wrong.shape), strict=True):
            if of_axis.size:
                of_axis[indices] = True
    for of_axis in flags:
        if not of_axis.size:  # each mismatch has an index of its own
            count, first, last = wrong.count, wrong.sample[0], wrong.sample[-1]
        else:
            count = int(np.count_nonzero(of_axis))
            first, last = np.argmax(of_axis), of_axis.size - 1 - np.argmax(of_axis[::-1])
        if count > _FEW:
            yield count, np.array([first, last])
        else:
            yield count, np.flatnonzero(of_axis) if of_axis.size else wrong.sample


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
    common = _common_step(wrong)
    periods = (common,) if common > 1 else _PERIODS
    for period in periods:
        if wrong.sample[-1] < 2 * period:
            continue
        used = wrong.sample[:1] % period if common > 1 else _remainders(wrong, period)
        compact = used.size > 0 and bool(used[-1] - used[0] + 1 == len(used))
        if not compact:
            continue
        if not unlikely(len(used) / period, wrong.count - 1):
            continue
        last = len(wrong.shape) - 1
        along_axis = wrong.shape[last] % period == 0
        index = f"index[{last}]" if along_axis else "flat index"
        return Diagnosis(
            "periodic",
            f"periodic: {index} % {period} {_named(used, compact)} in all {wrong.count} mismatches",
            f"where {index} % {period} {_named(used, compact)}",
        )
    return None


def _common_step(wrong: Mismatches) -> int:
    """The greatest common divisor of the distances between mismatches."""
    common = 0
    last = wrong.sample[:1]
    for chunk in wrong.chunks():
        common = math.gcd(common, *(int(step) for step in np.unique(np.diff([*last, *chunk[:1]]))))
        common = math.gcd(common, *(int(step) for step in np.unique(np.diff(chunk))))
        if common == 1:
            break
        last = chunk[-1:]
    return common


def _remainders(wrong: Mismatches, period: int) -> Indices:
    """Flat indices modulo the period, sorted; none where they are too many to confine anything."""
    flags = np.zeros(period, bool)
    for chunk in itertools.chain([wrong.sample], wrong.chunks()):
        flags[chunk % period] = True
        if np.count_nonzero(flags) > _MOST * period:
            return np.zeros(0, np.intp)
    return np.flatnonzero(flags)
