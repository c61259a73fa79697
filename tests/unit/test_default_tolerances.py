"""Default tolerances: no alarm between two orders of the same sums, and what they still detect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.model.diff import Pair, TensorDiff
from pytest_a2a3sim.model.tensor import Tensor, raw_bytes
from pytest_a2a3sim.model.tolerance import Tolerance, default_tolerance

ml_dtypes = pytest.importorskip("ml_dtypes")

FLOATS = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    **{
        name: getattr(ml_dtypes, name)
        for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3b11fnuz")
    },
}
SUMS = 10_000
TERMS = 128


def diff_of(actual: Any, expected: Any, dtype: str) -> TensorDiff:
    tensor = Tensor("out", expected, expected.shape, dtype, expected.nbytes)
    pair = Pair(tensor, raw_bytes(actual), raw_bytes(expected), default_tolerance(dtype))
    return compare(pair)


def in_two_orders(dtype: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """Dot products that are accumulated in float32 (or float64) and rounded at the end."""
    wide = np.float64 if dtype is np.float64 else np.float32
    a, b = a.astype(dtype).astype(wide), b.astype(dtype).astype(wide)
    one = np.zeros(a.shape[0], wide)
    other = np.zeros(a.shape[0], wide)
    for k in range(a.shape[1]):  # one term after the other, from either end
        one = one + a[:, k] * b[:, k]
        other = other + a[:, -1 - k] * b[:, -1 - k]
    return one.astype(dtype), other.astype(dtype)


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("kind", ["reduction", "matmul"])
def test_no_false_alarm(name: str, kind: str) -> None:
    dtype = FLOATS[name]
    rng = np.random.default_rng(7)
    a = rng.standard_normal((SUMS, TERMS), np.float32)
    b = rng.standard_normal((SUMS, TERMS), np.float32) if kind == "matmul" else np.ones_like(a)
    one, other = in_two_orders(dtype, a, b)
    diff = diff_of(one, other, name)
    assert diff.passed, diff.mismatches


@pytest.mark.parametrize("name", FLOATS)
def test_two_neighbours_match_and_what_is_further_off_does_not(name: str) -> None:
    dtype, tolerance = FLOATS[name], default_tolerance(name)
    expected = np.array([1, -1, 2, 0], dtype)
    if dtype not in (np.float32, np.float64):
        step = np.array(tolerance.rtol, np.float64)
        neighbour = (expected.astype(np.float64) * (1 + step)).astype(dtype)
        assert (neighbour[:3] != expected[:3]).all()
        assert diff_of(neighbour, expected, name).passed
    wrong = (expected.astype(np.float64) * (1 + 3 * tolerance.rtol + 1e-4)).astype(dtype)
    assert diff_of(wrong, expected, name).matched == 1


@pytest.mark.parametrize("dtype", ["int8", "int32", "uint64", "bool"])
def test_ints_and_bools_are_exact(dtype: str) -> None:
    assert default_tolerance(dtype) == Tolerance(0.0, 0.0)
