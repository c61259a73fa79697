"""Default tolerances: no alarm between two orders of the same sums, and what they still detect."""

from __future__ import annotations

import numpy as np
import pytest

from pytest_a2a3sim.model.tolerance import Tolerance, default_tolerance
from tests.tolerance_trials import FLOATS, detected, diff_of, false_alarms

pytest.importorskip("ml_dtypes")

FEWER = 1000  # than python -m tests.tolerance_trials makes
CERTAIN = {
    "float64": ("one element off by 0.01 %", "a scale off by 0.1 %", "rounded to bfloat16 first"),
    "float32": ("one element off by 0.01 %", "a scale off by 0.1 %", "rounded to bfloat16 first"),
    "float16": ("one element off by 1 %", "a scale off by 0.1 %", "rounded to bfloat16 first"),
    "bfloat16": ("one element off by 10 %", "a scale off by 1 %"),
    "float8_e4m3fn": ("one element off by 50 %", "a scale off by 10 %"),
    "float8_e5m2": ("one element off by 50 %",),
}
"""Faults that always fail, the smallest of each kind; docs/authoring.md has the whole table."""


@pytest.mark.parametrize("name", FLOATS)
@pytest.mark.parametrize("kind", ["reduction", "matmul"])
def test_no_false_alarm(name: str, kind: str) -> None:
    assert false_alarms(kind, name, FEWER) == 0


@pytest.mark.parametrize("name", FLOATS)
def test_what_is_detected(name: str) -> None:
    matmuls = 5
    counts = detected(name, matmuls)
    left_out = [fault for fault in counts if "left out" in fault]
    assert len(left_out) == 3
    assert {counts[fault] for fault in (*left_out, *CERTAIN[name])} == {matmuls}
    assert counts["rounded towards zero"] == 0


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
