"""Whether mismatches are what is left of large terms that cancel, added up in another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.mismatches import as_floats
from pytest_a2a3sim.comparing.parts import parts
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from pytest_a2a3sim.comparing.diagnose.mismatches import Flags, Indices, Mismatches

_ROUNDING = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-24, "bfloat16": 2.0**-24}
"""Of one addition: types of 16 bits are added up in float32."""

_MOST_ROUNDINGS = 64  # of the largest value; sums of 4,096 terms had 35
_SMALL = 1 / 8  # of the largest value: where the terms have cancelled
_FEW = 0.05


def cancelled(wrong: Mismatches) -> Diagnosis | None:
    """Tiny errors of a few small elements beside large ones."""
    rounding = _ROUNDING.get(wrong.pair.tensor.dtype)
    if rounding is None or wrong.count > _FEW * wrong.pair.tensor.size:
        return None
    largest = _largest(wrong)
    worst = [0.0]

    def rounded(flat: Indices) -> Flags:
        expected = wrong.expected_at(flat)
        error = np.abs(wrong.actual_at(flat) - expected)
        worst[0] = max(worst[0], float(np.max(error)))
        small = np.abs(expected) <= _SMALL * largest
        flags: Flags = small & (error <= _MOST_ROUNDINGS * rounding * largest)
        return flags

    if not largest or not wrong.all(rounded):
        return None
    count = "the mismatch is" if wrong.count == 1 else f"all {wrong.count} mismatches are"
    return Diagnosis(
        "cancelled",
        f"rounding where terms cancel: {count} off by at most {worst[0]:.2g}, which is "
        f"{worst[0] / largest:.1g} of the largest expected value, {largest:.3g}: no more than "
        f"another order of a sum may change; ATOL = {2 * worst[0]:.1g} lets it pass",
        "rounding where terms cancel",
    )


def _largest(wrong: Mismatches) -> float:
    """The largest finite magnitude that is expected anywhere in the tensor."""
    tensor = wrong.pair.tensor
    largest = 0.0
    for _, part in parts(wrong.pair):
        numbers = np.abs(as_floats(tensor.flat_numbers(part.expected)))
        largest = max(largest, float(np.max(numbers, initial=0.0, where=np.isfinite(numbers))))
    return largest
