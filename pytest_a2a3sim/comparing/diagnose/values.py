"""What wrong values have in common: bytes of fresh memory, zero, scaled, rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.diagnose.blocks import factors, offsets
from pytest_a2a3sim.comparing.diagnose.mismatches import FEWEST, FORMATS
from pytest_a2a3sim.engine.request import POISON
from pytest_a2a3sim.model.diff import Diagnosis

if TYPE_CHECKING:
    from pytest_a2a3sim.comparing.diagnose.mismatches import (
        Flags,
        FloatFormat,
        Floats,
        Indices,
        Mismatches,
    )

_SPREAD = 8.0  # times the slack: expected values closer together fit a factor as well as an offset
_COARSER = ("float8_e5m2", "float8_e4m3fn", "bfloat16", "float16", "float32")


def values(wrong: Mismatches) -> Diagnosis | None:
    """The first statement that holds for the values of all mismatches."""
    found = _poisoned(wrong) or _no_bool(wrong)
    if found is not None or wrong.count < FEWEST:
        return found
    for look in (_nan, _zero, _one_ulp, _rounded, _negated, _scaled, _offset, factors, offsets):
        if (found := look(wrong)) is not None:
            return found
    return None


def _poisoned(wrong: Mismatches) -> Diagnosis | None:
    raw = wrong.pair.actual.reshape(wrong.pair.tensor.size, -1)
    if not wrong.all(lambda flat: (raw[flat] == POISON).all(axis=1)):
        return None
    is_float = wrong.format is not None
    if not is_float and wrong.count < FEWEST:  # -1 is a value like any other
        return None
    # Whether anybody wrote them is not known here: a NaN that is computed from them looks the same.
    subject = f"all {wrong.count} mismatches hold" if wrong.count > 1 else "the mismatch holds"
    return Diagnosis(
        "poison",
        f"bytes 0xFF: {subject} what fresh device memory does, or what was computed from it",
        "bytes 0xFF, as in fresh device memory",
    )


def _no_bool(wrong: Mismatches) -> Diagnosis | None:
    raw = wrong.pair.actual
    if wrong.pair.tensor.dtype != "bool" or not wrong.all(lambda flat: raw[flat] > 1):
        return None
    return Diagnosis(
        "no-bool",
        f"not a bool: all {wrong.count} mismatches are bytes other than 0 and 1, which are what "
        "a bool is",
        "not a bool",
    )


def _nan(wrong: Mismatches) -> Diagnosis | None:
    if not wrong.all(lambda flat: np.isnan(wrong.actual_at(flat))):
        return None
    return Diagnosis(
        "nan", f"NaN: all {wrong.count} mismatches are NaN, none of them expected", "NaN"
    )


def _zero(wrong: Mismatches) -> Diagnosis | None:
    if not wrong.all(lambda flat: wrong.actual_at(flat) == 0):
        return None
    return Diagnosis(
        "zero", f"zero: all {wrong.count} mismatches are 0, none of them expected", "zero"
    )


def _one_ulp(wrong: Mismatches) -> Diagnosis | None:
    form = wrong.format
    if form is None:
        return None

    def one_apart(flat: Indices) -> Flags:
        actual, expected = wrong.actual_at(flat), wrong.expected_at(flat)
        with np.errstate(invalid="ignore"):
            larger = np.maximum(np.abs(actual), np.abs(expected))
            flags: Flags = np.abs(actual - expected) <= form.spacing(larger)
        return flags

    if not wrong.all(one_apart):
        return None
    expected = np.abs(wrong.expected_at(wrong.sample))
    typical = float(np.median(expected))
    tolerance, dtype = wrong.pair.tolerance, wrong.pair.tensor.dtype
    return Diagnosis(
        "one-ulp",
        f"off by one ULP: all {wrong.count} mismatches are neighbouring {dtype} numbers; at "
        f"|expected| = {typical:.3g} a {dtype} ULP is "
        f"{float(form.spacing(np.array([typical]))[0]):.3g} and the tolerance allows "
        f"{tolerance.atol + tolerance.rtol * typical:.3g}, less than the type's rounding: use "
        f"rtol >= {2.0**-form.mantissa:.2g}",
        "off by one ULP",
    )


def _rounded(wrong: Mismatches) -> Diagnosis | None:
    own = wrong.format
    if own is None:
        return None
    for name in _COARSER:
        coarse = FORMATS[name]
        if coarse.mantissa >= own.mantissa:
            return None

        def rounded(flat: Indices, coarse: FloatFormat = coarse) -> Flags:
            actual, expected = wrong.actual_at(flat), wrong.expected_at(flat)
            with np.errstate(invalid="ignore"):
                near = np.abs(actual - expected) <= coarse.spacing(expected)
            return near & coarse.holds(actual)

        unrounded = np.count_nonzero(~coarse.holds(wrong.expected_at(wrong.sample)))
        if unrounded > wrong.sample.size / 2 and wrong.all(rounded):
            return Diagnosis(
                "rounded",
                f"rounded to {name}: all {wrong.count} mismatches are {name} numbers within one "
                f"{name} ULP of expected",
                f"rounded to {name}",
            )
    return None


def _negated(wrong: Mismatches) -> Diagnosis | None:
    if not wrong.all(lambda flat: _fits(wrong, flat, -1.0, 0.0)):
        return None
    return Diagnosis(
        "negated",
        f"sign flipped: actual = -expected in all {wrong.count} mismatches",
        "sign flipped",
    )


def _scaled(wrong: Mismatches) -> Diagnosis | None:
    actual, expected = wrong.actual_at(wrong.sample), wrong.expected_at(wrong.sample)
    usable = (expected != 0) & np.isfinite(expected) & np.isfinite(actual)
    if usable.all() and _is_spread(wrong, expected):
        factor = float(np.median(actual / expected))
        if factor not in {0.0, 1.0} and wrong.all(lambda flat: _fits(wrong, flat, factor, 0.0)):
            return Diagnosis(
                "scaled",
                f"constant factor: actual = {wrong.shown(factor)} * expected in all "
                f"{wrong.count} mismatches",
                f"constant factor {wrong.shown(factor)}",
            )
    return None


def _offset(wrong: Mismatches) -> Diagnosis | None:
    actual, expected = wrong.actual_at(wrong.sample), wrong.expected_at(wrong.sample)
    if not (np.isfinite(actual).all() and _is_spread(wrong, expected)):
        return None
    offset = float(np.median(actual - expected))
    if offset == 0 or not wrong.all(lambda flat: _fits(wrong, flat, 1.0, offset)):
        return None
    sign = "+" if offset > 0 else "-"
    return Diagnosis(
        "offset",
        f"constant offset: actual = expected {sign} {wrong.shown(abs(offset))} in all "
        f"{wrong.count} mismatches",
        f"constant offset {wrong.shown(offset)}",
    )


def _fits(wrong: Mismatches, flat: Indices, factor: float, offset: float) -> Flags:
    actual = wrong.actual_at(flat)
    model = factor * wrong.expected_at(flat) + offset
    with np.errstate(invalid="ignore"):
        flags: Flags = np.abs(actual - model) <= wrong.slack(actual, model)
    return flags


def _is_spread(wrong: Mismatches, expected: Floats) -> bool:
    """Whether expected values differ enough for a factor and an offset to differ."""
    if not np.isfinite(expected).all():
        return False
    slack = float(np.max(wrong.slack(expected, expected)))
    return bool(np.ptp(expected) > _SPREAD * slack)
