"""How far outputs may be from what is expected: as golden.py says it, or as their type allows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

from pytest_a2a3sim.model.frozen import frozen

T = TypeVar("T")

DEFAULT_TOLERANCE = 1e-5
BUDGET_FACTOR = 10
"""How far elements of a budget may be off where it does not say: so many times their tolerance."""

_MANTISSA_BITS = {"float16": 10, "bfloat16": 7}
_FLOAT8 = re.compile(r"float8_e(\d)m(\d)")


@frozen
class Budget:
    """Elements that may be off by more than their tolerance.

    Attributes:
        share: of the compared elements, above 0 and below 1.
        rtol: none of them may be off by more than ``atol + rtol * |expected|``.
        atol: as above.
    """

    share: float
    rtol: float
    atol: float


@frozen
class Tolerance:
    """Values match where ``|actual - expected| <= atol + rtol * |expected|``.

    Attributes:
        equal_nan: whether NaN matches NaN.
        budget: elements that may not match; None for none.
    """

    rtol: float = DEFAULT_TOLERANCE
    atol: float = DEFAULT_TOLERANCE
    equal_nan: bool = True
    budget: Budget | None = None


@frozen
class BudgetSpec:
    """MISMATCH_BUDGET of a tensor; what is None follows from the tensor's tolerance."""

    share: float
    rtol: float | None = None
    atol: float | None = None


@frozen
class Tolerances:
    """What a golden file says: one value, or values by tensor name; None where it says nothing."""

    rtol: float | Mapping[str, float] | None = None
    atol: float | Mapping[str, float] | None = None
    equal_nan: bool | Mapping[str, bool] = True
    budget: BudgetSpec | Mapping[str, BudgetSpec] | None = None

    def of(self, tensor: str, dtype: str) -> Tolerance:
        """The tolerance of one tensor; what is not said is the default of its type."""
        default = default_tolerance(dtype)
        rtol, atol = _pick(self.rtol, tensor), _pick(self.atol, tensor)
        equal_nan, budget = _pick(self.equal_nan, tensor), _pick(self.budget, tensor)
        rtol = default.rtol if rtol is None else rtol
        atol = default.atol if atol is None else atol
        return Tolerance(rtol, atol, equal_nan is not False, _budget(budget, rtol, atol))

    def left_out(self, tensor: str) -> tuple[str, ...]:
        """Which of RTOL and ATOL a golden file does not say of a tensor."""
        said = (("RTOL", self.rtol), ("ATOL", self.atol))
        return tuple(name for name, value in said if _pick(value, tensor) is None)


def default_tolerance(dtype: str) -> Tolerance:
    """The tolerance of a type where golden.py has none.

    1e-5 each for float32 and float64; ints and bools are exact. For types that round more coarsely,
    the distance of two neighbours: ``rtol`` for those of full precision, ``atol`` for those next to
    zero. Two ways to compute in float32 what is rounded to such a type then match.
    """
    if dtype == "bool" or dtype.startswith(("int", "uint")):
        return Tolerance(0.0, 0.0)
    if found := _FLOAT8.match(dtype):
        exponent_bits, mantissa_bits = int(found[1]), int(found[2])
        # The bias of variants without infinities is larger, and their smallest number smaller.
        smallest = 2.0 ** (2 - 2 ** (exponent_bits - 1) - mantissa_bits)
        return Tolerance(2.0**-mantissa_bits, max(DEFAULT_TOLERANCE, smallest))
    bits = _MANTISSA_BITS.get(dtype)
    rtol = DEFAULT_TOLERANCE if bits is None else 2.0**-bits
    return Tolerance(rtol, DEFAULT_TOLERANCE)


def _budget(budget: BudgetSpec | None, rtol: float, atol: float) -> Budget | None:
    if budget is None:
        return None
    if budget.rtol is None and budget.atol is None:
        return Budget(budget.share, BUDGET_FACTOR * rtol, BUDGET_FACTOR * atol)
    return Budget(budget.share, budget.rtol or 0.0, budget.atol or 0.0)


def _pick(value: T | Mapping[str, T], tensor: str) -> T | None:
    return value.get(tensor) if isinstance(value, Mapping) else value
