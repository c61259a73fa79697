"""The engine's comparison against a plain NumPy float64 oracle, index for index."""

from __future__ import annotations

from typing import Any

import hypothesis.extra.numpy as hnp
import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.engine.compare import (
    ALLOWED_FACTORS,
    DISTANCE_BOUNDS,
    Measured,
    measure,
    mismatch_mask,
)
from pytest_a2a3sim.loading.tensors import as_tensor
from pytest_a2a3sim.model.diff import Census, Pair, TensorDiff
from pytest_a2a3sim.model.tensor import raw_bytes
from pytest_a2a3sim.model.tolerance import Tolerance

Array = npt.NDArray[Any]

FLOATS = (
    "float64",
    "float32",
    "float16",
    "bfloat16",
    "float8_e4m3fn",
    "float8_e5m2",
    "float8_e4m3fnuz",
    "float8_e5m2fnuz",
    "float8_e4m3b11fnuz",
)
INTS = tuple(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
NOT_FINITE = (np.nan, np.inf, -np.inf)


def dtype_of(name: str) -> np.dtype[Any]:
    return np.dtype(getattr(ml_dtypes, name, name))


def widened(array: Array) -> npt.NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
        return np.asarray(array, np.float64)


def ranks(array: Array) -> Array:
    """Consecutive ints for consecutive representable values; both zeros have one."""
    exact = np.int64 if array.dtype.itemsize < 8 else np.object_
    if array.dtype.kind in "biu":
        return array.astype(exact)
    bits = 8 * array.dtype.itemsize
    if bits <= 16:
        every = widened(np.arange(1 << bits, dtype=f"u{array.dtype.itemsize}").view(array.dtype))
        return np.searchsorted(np.unique(every[~np.isnan(every)]), widened(array))
    raw = array.view(f"u{array.dtype.itemsize}").astype(exact)
    sign = 1 << (bits - 1)
    return np.array([sign - value if value >= sign else value for value in raw.tolist()], exact)


def errors_of(actual: Array, expected: Array) -> npt.NDArray[np.float64]:
    if actual.dtype.kind == "b":
        return np.asarray(actual.view(np.uint8) != expected.view(np.uint8), np.float64)
    if actual.dtype.kind in "iu":
        exact = np.int64 if actual.dtype.itemsize < 8 else np.object_
        distances = np.abs(actual.astype(exact) - expected.astype(exact))
        return np.asarray(distances, np.float64)
    a, e = widened(actual), widened(expected)
    with np.errstate(all="ignore"):
        errors = np.abs(a - e)
    same = (a == e) | (np.isnan(a) & np.isnan(e))
    return np.asarray(np.where(same, 0.0, np.where(np.isnan(errors), np.inf, errors)))


def census_of(array: Array) -> Census:
    values = widened(array)
    return Census(
        int(np.isnan(values).sum()),
        int((values == np.inf).sum()),
        int((values == -np.inf).sum()),
    )


def first_largest(errors: Any) -> tuple[Any, int | None]:
    position = int(np.argmax(errors)) if len(errors) else 0
    if not len(errors) or errors[position] == 0:
        return 0, None
    return errors[position], position


def oracle(actual: Array, expected: Array, tolerance: Tolerance) -> tuple[Measured, Array]:
    """What the engine has to find, and the mismatch mask."""
    errors = errors_of(actual, expected)
    wanted = widened(expected)
    finite = np.isfinite(widened(actual)) & np.isfinite(wanted)
    with np.errstate(all="ignore"):
        magnitude = np.abs(wanted)
        allowed = tolerance.atol + tolerance.rtol * magnitude
        allowed[~np.isfinite(wanted)] = 0.0
        if actual.dtype.kind == "b":
            allowed[:] = 0.0
        relative = errors / magnitude
        relative[np.isnan(relative)] = np.inf
        relative[errors == 0] = 0.0
        beyond = [int((errors > factor * allowed).sum()) for factor in ALLOWED_FACTORS]
    distances = np.where(finite, np.abs(ranks(actual) - ranks(expected)), 0)
    mask = errors > allowed
    absolute, relative_pair = first_largest(errors), first_largest(relative)
    distance = first_largest(distances)
    found = Measured(
        differing=int((errors > 0).sum()),
        mismatched=int(mask.sum()),
        undefined=int(((errors > 0) & ~finite).sum()),
        max_absolute=absolute[0],
        max_absolute_index=absolute[1],
        max_relative=relative_pair[0],
        max_relative_index=relative_pair[1],
        max_distance=distance[0],
        max_distance_index=distance[1],
        actual=census_of(actual),
        expected=census_of(expected),
        beyond_distance=tuple(int((distances > bound).sum()) for bound in DISTANCE_BOUNDS),
        beyond_allowed=tuple(beyond),
        first=tuple(int(i) for i in np.flatnonzero(mask)[:16]),
    )
    return found, mask.astype(np.uint8)


def check(actual: Array, expected: Array, tolerance: Tolerance, threads: int = 1) -> None:
    pair = Pair(as_tensor("x", expected), raw_bytes(actual), raw_bytes(expected), tolerance)
    found, mask = oracle(actual, expected, tolerance)
    assert measure(pair, threads) == found
    np.testing.assert_array_equal(mismatch_mask(pair, threads), mask)


def diff_of(actual: Array, expected: Array, tolerance: Tolerance | None = None) -> TensorDiff:
    tensor = as_tensor("x", expected)
    return compare(Pair(tensor, raw_bytes(actual), raw_bytes(expected), tolerance or Tolerance()))


@st.composite
def pairs(draw: st.DrawFn, dtype: str) -> tuple[Array, Array]:
    """Two arrays of any bit patterns, the second mostly a copy of the first."""
    kind = dtype_of(dtype)
    unsigned = np.dtype(f"u{kind.itemsize}")
    raw = st.integers(0, 1) if dtype == "bool" else hnp.from_dtype(unsigned)
    expected = draw(hnp.arrays(unsigned, st.integers(0, 40), elements=raw))
    actual = expected.copy()
    for index in draw(st.lists(st.integers(0, max(len(expected) - 1, 0)), max_size=20)):
        if len(actual):
            near = int(actual[index]) ^ draw(st.integers(0, 7 if dtype != "bool" else 1))
            actual[index] = draw(st.just(near) | raw)
    return actual.view(kind), expected.view(kind)


TOLERANCES = st.builds(
    Tolerance,
    rtol=st.sampled_from([0.0, 1e-5, 1e-3, 0.5, 3.0]),
    atol=st.sampled_from([0.0, 1e-8, 1e-3, 1.0, 100.0]),
)


@pytest.mark.parametrize("dtype", [*FLOATS, *INTS, "bool"])
@settings(max_examples=60)
@given(data=st.data())
def test_any_bit_patterns(dtype: str, data: st.DataObject) -> None:
    actual, expected = data.draw(pairs(dtype))
    check(actual, expected, data.draw(TOLERANCES))


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 1.0])
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", "bfloat16", "int16"])
def test_large_tensors(dtype: str, share: float, threads: int) -> None:
    random = np.random.default_rng(7)
    size = 140_003
    expected = (random.standard_normal(size) * 50).astype(dtype_of(dtype))
    wrong = random.random(size) < share
    if dtype != "int16":
        expected[:: size // 9] = random.choice(NOT_FINITE, 10)
    noise = random.standard_normal(size) * random.choice([1e-4, 1e-2, 1.0, 100.0], size)
    actual = expected.copy()
    with np.errstate(all="ignore"):
        actual[wrong] = (expected.astype(np.float64) + noise)[wrong].astype(expected.dtype)
    check(actual, expected, Tolerance(rtol=1e-3, atol=1e-3), threads)


@example(size=0)
@example(size=1024)
@given(size=st.integers(0, 3000))
def test_every_position_is_seen(size: int) -> None:
    expected = np.ones(size, np.float32)
    found = diff_of(expected + 1, expected)
    assert (found.matched, found.differing) == (0, size)
    if size:
        last = expected.copy()
        last[-1] = 2
        assert diff_of(last, expected).max_abs_index == (size - 1,)


def test_integers_differ_by_their_exact_distance() -> None:
    low, high = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    found = diff_of(np.array([high, 5, 2**53 + 1]), np.array([low, 5, 2**53]), Tolerance(0, 0))
    assert found.max_abs_error == 2**64 - 1
    assert found.max_abs_index == (0,)
    assert found.matched == 1
    assert [row.difference for row in found.mismatches] == [2**64 - 1, 1]


def test_bool_has_no_tolerance() -> None:
    found = diff_of(np.array([True, False]), np.array([True, True]), Tolerance(10, 10))
    assert (found.matched, found.max_abs_error) == (1, 1.0)
    assert found.mismatches[0].allowed == 0.0


def test_a_bool_of_poisoned_memory_is_not_true() -> None:
    poisoned = np.array([0xFF], np.uint8).view(bool)
    assert not diff_of(poisoned, np.array([True])).passed


def test_signed_zeros_are_equal() -> None:
    found = diff_of(np.array([-0.0], np.float32), np.array([0.0], np.float32), Tolerance(0, 0))
    assert (found.matched, found.differing, found.max_ulp_error) == (1, 0, 0)


def test_infinities_match_by_sign_only() -> None:
    inf = np.inf
    found = diff_of(np.array([inf, -inf, inf, 1.0]), np.array([inf, inf, 1.0, inf]))
    assert [row.index for row in found.mismatches] == [(1,), (2,), (3,)]


def test_histograms_count_every_difference_once() -> None:
    expected = np.full(5, 1.0, np.float32)
    actual = (
        (expected.view(np.int32) + np.array([0, 1, 3, 100, 0], np.int32)).view(np.float32).copy()
    )
    actual[4] = np.nan
    found = diff_of(actual, expected)
    assert [(b.above, b.upto, b.count) for b in found.ulp_histogram] == [
        (0, 1, 1),
        (2, 4, 1),
        (64, 256, 1),
    ]
    assert sum(b.count for b in found.tolerance_histogram) == 4
    assert found.actual_census == Census(nan=1)


def test_indices_are_those_of_the_shape() -> None:
    expected = np.zeros((2, 3, 4), np.float32)
    actual = expected.copy()
    actual[1, 2, 3] = 1
    found = diff_of(actual, expected)
    assert found.max_abs_index == found.mismatches[0].index == (1, 2, 3)


def test_scalar_tensor_has_the_empty_index() -> None:
    found = diff_of(np.array(1.0), np.array(2.0))
    assert found.max_abs_index == ()
    assert found.mismatches[0].index == ()
