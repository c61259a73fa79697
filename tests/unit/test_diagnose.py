"""Planted errors: each report contains its diagnosis and none of the others'."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import pytest

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.diagnose.diagnosis import diagnose
from pytest_a2a3sim.loading.tensors import as_tensor
from pytest_a2a3sim.model.diff import Pair, TensorDiff
from pytest_a2a3sim.model.tensor import raw_bytes
from pytest_a2a3sim.model.tolerance import Tolerance
from pytest_a2a3sim.reporting.text import diff_lines

Array = npt.NDArray[Any]
Plant = Callable[[Array], Array]

SHAPE = (8, 24, 32)


def report_of(
    actual: Array, expected: Array, tolerance: Tolerance | None = None
) -> tuple[TensorDiff, str]:
    tensor = as_tensor("out", expected)
    pair = Pair(tensor, raw_bytes(actual), raw_bytes(expected), tolerance or Tolerance())
    diff = diagnose(pair, compare(pair))
    return diff, "\n".join(map(str, diff_lines(diff)))


def numbers(shape: tuple[int, ...] = SHAPE, dtype: str = "float32") -> Array:
    """Random ones of both signs, none near 0."""
    random = np.random.default_rng(3)
    signs = random.choice([-1, 1], shape)
    return np.asarray(signs * random.uniform(0.5, 4.0, shape), dtype)


def noise(array: Array) -> Array:
    return np.asarray(np.random.default_rng(4).uniform(1, 2, array.shape), array.dtype)


def noisy(array: Array, *index: Any) -> Array:
    changed: Array = array.copy()
    changed[index] += noise(array)[index]
    return changed


def shifted(array: Array) -> Array:
    changed = noise(array)
    changed[:, :, 1:] = array[:, :, :-1]
    return changed


def ends_past(array: Array, first: int) -> Array:
    flat = array.copy().reshape(-1)
    flat[first:] += noise(flat)[first:]
    return np.asarray(flat.reshape(array.shape))


def every(array: Array, period: int, remainder: int) -> Array:
    flat = array.copy().reshape(-1)
    flat[remainder::period] += noise(flat)[remainder::period]
    return np.asarray(flat.reshape(array.shape))


def one_ulp(array: Array) -> Array:
    changed = array.view(np.int32).copy()
    changed.reshape(-1)[np.random.default_rng(5).permutation(array.size)[:400]] += 1
    return np.asarray(changed.view(np.float32))


def growing(array: Array) -> Array:
    steps = np.arange(array.shape[1], dtype=np.float32)[:, None]
    signs = np.random.default_rng(6).choice([-1, 1], array.shape)
    return np.asarray(array + signs * noise(array) * steps * 1e-3, np.float32)


def poisoned(array: Array) -> Array:
    raw = np.full(array.nbytes, 0xFF, np.uint8)
    return np.asarray(raw.view(array.dtype).reshape(array.shape))


GALLERY: dict[str, tuple[Plant, str]] = {
    "one-head": (lambda e: noisy(e, slice(None), 3), r"all 256 mismatches have index[1] = 3"),
    "block-of-rows": (
        lambda e: noisy(e, slice(2, 4), slice(None), slice(8, 16)),
        "all 384 mismatches have index[0] in 2..3 and index[2] in 8..15: out[2:4, :, 8:16]",
    ),
    "periodic": (
        lambda e: every(e, 16, 5),
        "periodic: index[2] % 16 = 5 in all 384 mismatches",
    ),
    "shifted": (shifted, "shifted by 1 along axis 2: out[:, :, 1:] equals expected[:, :, :-1]"),
    "transposed": (
        lambda e: np.ascontiguousarray(e.transpose(0, 2, 1)).reshape(e.shape),
        "transposed: out holds expected.reshape(8, 24, 32).transpose(0, 2, 1) in C order",
    ),
    "factor": (lambda e: e * np.float32(0.125), "constant factor: actual = 0.125 * expected"),
    "offset": (lambda e: e + np.float32(3), "constant offset: actual = expected + 3"),
    "negated": (lambda e: -e, "sign flipped: actual = -expected in all 6144 mismatches"),
    "tail": (lambda e: ends_past(e, 6001), "all 143 elements from flat index 6001 on mismatch"),
    "zero": (lambda e: e * 0, "zero: all 6144 mismatches are 0"),
    "nan": (lambda e: np.full_like(e, np.nan), "NaN: all 6144 mismatches are NaN"),
    "poison": (poisoned, "bytes 0xFF: all 6144 mismatches hold what fresh device memory does"),
    "one-ulp": (one_ulp, "off by one ULP: all 400 mismatches are neighbouring float32 numbers"),
    "growing": (growing, "the error grows along axis 1"),
    "float16": (
        lambda e: e.astype(np.float16).astype(np.float32),
        "rounded to float16",
    ),
    "bfloat16": (
        lambda e: e.astype(ml_dtypes.bfloat16).astype(np.float32),
        "rounded to bfloat16",
    ),
}

# What every text of a kind of diagnosis contains, whatever its numbers.
SIGNS = {
    "confined": "mismatches have index[",
    "periodic": "periodic:",
    "shifted": "shifted by",
    "transposed": "transposed:",
    "scaled": "constant factor:",
    "offset": "constant offset:",
    "negated": "sign flipped:",
    "tail": "only the tail is wrong:",
    "zero": "zero:",
    "nan": "NaN: all",
    "poison": "bytes 0xFF:",
    "one-ulp": "off by one ULP:",
    "growing": "the error grows along",
    "rounded": "rounded to",
}


@pytest.mark.parametrize("name", GALLERY)
def test_gallery(name: str) -> None:
    plant, text = GALLERY[name]
    expected = numbers()
    tolerance = Tolerance(0, 0) if name == "one-ulp" else Tolerance(1e-6, 1e-6)
    diff, report = report_of(plant(expected), expected, tolerance)
    assert text in report
    (diagnosis,) = diff.diagnoses
    assert {kind for kind, sign in SIGNS.items() if sign in report} == {diagnosis.kind}


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_no_guess_where_nothing_holds(dtype: str, share: float) -> None:
    expected = (numbers() * 100).astype(dtype)
    random = np.random.default_rng(8)
    errors = (random.standard_normal(SHAPE) * 50 * (random.random(SHAPE) < share)).astype(dtype)
    diff, _ = report_of(expected + errors, expected)
    assert diff.diagnoses == ()


def test_no_pattern_in_three_mismatches() -> None:
    expected = numbers((64,))
    actual = expected.copy()
    actual[[8, 16, 24]] = 0
    assert report_of(actual, expected)[0].diagnoses == ()


def test_place_and_value_are_two_statements() -> None:
    expected = numbers()
    actual = expected.copy()
    actual[:, 3] = 0
    diff, _ = report_of(actual, expected)
    assert [diagnosis.kind for diagnosis in diff.diagnoses] == ["confined", "zero"]


def test_flat_tensor_that_is_transposed() -> None:
    expected = numbers((96,))
    actual = np.ascontiguousarray(expected.reshape(8, 12).T).reshape(-1)
    diff, report = report_of(actual, expected)
    assert "expected.reshape(8, 12).transpose(1, 0)" in report
    assert len(diff.diagnoses) == 1


@pytest.mark.parametrize("by", [1, -3, 40])
def test_flat_tensor_that_is_shifted(by: int) -> None:
    expected = numbers((256,))
    _, report = report_of(np.roll(expected, by), expected)
    assert f"shifted by {by} along axis 0" in report


def test_ints_of_fresh_memory() -> None:
    expected = np.arange(64, dtype=np.int32)
    actual = expected.copy()
    actual[40:] = -1
    kinds = [diagnosis.kind for diagnosis in report_of(actual, expected)[0].diagnoses]
    assert kinds == ["tail", "poison"]


def test_one_float_of_fresh_memory_is_told_from_one_int() -> None:
    assert (
        "=> bytes 0xFF: the mismatch holds what" in report_of(poisoned(np.ones(1)), np.ones(1))[1]
    )
    ones = np.ones(1, np.int32)
    assert report_of(poisoned(ones), ones)[0].diagnoses == ()


def test_lanes_of_a_period() -> None:
    expected = numbers((64, 32))
    actual = expected.copy()
    actual.reshape(-1, 16)[:, 8:] = noise(expected).reshape(-1, 16)[:, 8:] + 9
    assert "index[1] % 16 in 8..15" in report_of(actual, expected)[1]


# A factor of each block of rows, as a wrong count in a mean gives it.
@pytest.mark.parametrize(
    ("shape", "factors", "told"),
    [
        (
            (37, 131),
            [0.35] * 32 + [0.2] * 5,
            "0.35 at index[0] in 0..31, 0.2 at index[0] in 32..36",
        ),
        ((4, 64), [0.25, 0.5, 0.5, 0.5], "0.25 at index[0] = 0, 0.5 at index[0] in 1..3"),
        ((16, 64), list(range(2, 18)), "between 2 and 17"),
        (
            (2, 3, 32),
            [2, 2, 3, 4, 4, 4],
            "2 at row of reshape(6, -1) in 0..1, 3 at row of reshape(6, -1) = 2, ",
        ),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_factor_of_blocks_of_rows(
    shape: tuple[int, ...], factors: list[float], told: str, dtype: str
) -> None:
    expected = numbers(shape, dtype)
    actual = expected.reshape(len(factors), -1) * np.array(factors, np.float64)[:, None]
    diff, text = report_of(actual.astype(dtype).reshape(shape), expected, Tolerance(2e-3, 1e-3))
    assert [found.kind for found in diff.diagnoses] == ["scaled"]
    assert "=> constant factor per block of" in text
    shown = re.sub(r"\d+\.\d+", lambda number: f"{round(float(number[0]), 2):g}", text)
    assert told in shown


def test_numbers_that_change_little_from_row_to_row_are_a_range() -> None:
    expected = numbers((64, 64))
    actual = expected * np.linspace(1.02, 1.04, 64, dtype=np.float32)[:, None]
    text = report_of(actual, expected, Tolerance(2e-3, 2e-3))[1]
    assert re.search(r"factor per block of index\[0\]: .* between 1\.02\d* and 1\.0[34]\d*\n", text)


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_offset_of_each_column(dtype: str) -> None:
    expected = (numbers((96, 5)) * 1000).astype(dtype)
    diff, text = report_of(expected + np.array([0, 7, 7, 7, 1234567], dtype), expected)
    found = "the offset being 7 at index[1] in 1..3, "
    assert [each.kind for each in diff.diagnoses] == ["offset"]
    assert found in text
    assert ("1234567 at index[1] = 4" in text) == (dtype == "int32")


@pytest.mark.parametrize("width", [16, 32, 48])
def test_carry_of_each_block_of_a_flat_tensor(width: int) -> None:
    expected = np.cumsum(np.arange(1, 481, dtype=np.int64) % 97)
    carries = np.repeat(np.arange(480 // width) * 1000, width)
    diff, text = report_of(expected + carries, expected)
    assert f"constant offset per block of {width} elements: actual = expected + offset" in text
    assert [each.kind for each in diff.diagnoses] == ["tail", "offset"]


def test_factor_of_each_block_of_a_flat_tensor() -> None:
    expected = numbers((256,))
    factors = np.repeat(np.array([2, 3, 2, 5], np.float32), 64)
    found = "the factor being 2 at index[0] in 0..63, 3 at index[0] in 64..127, 2 at index[0] in"
    assert found in report_of(factors * expected, expected)[1]


@pytest.mark.parametrize("shape", [(32, 48), (3, 32, 32)])
def test_tiles_that_are_transposed(shape: tuple[int, ...]) -> None:
    expected = numbers(shape)
    tiles = expected.reshape(*shape[:-2], 2, 16, -1, 16)
    axes = list(range(tiles.ndim))
    axes[-3], axes[-1] = axes[-1], axes[-3]
    actual = np.ascontiguousarray(tiles.transpose(axes)).reshape(shape)
    diff, text = report_of(actual, expected)
    assert [each.kind for each in diff.diagnoses] == ["transposed"]
    assert f".transpose{tuple(axes)} in C order" in text or "reshape" not in text


def test_the_opposite_of_a_wave_is_no_shift() -> None:
    expected = np.sin(np.arange(640, dtype=np.float32) * np.float32(np.pi / 32))
    diff, _ = report_of(-expected, expected, Tolerance(1e-4, 1e-4))
    assert [each.kind for each in diff.diagnoses] == ["negated"]


def test_rows_of_constants_have_no_factor() -> None:
    expected = np.repeat(np.arange(1, 17, dtype=np.float32)[:, None], 64, axis=1)
    actual = expected * noise(np.arange(16, dtype=np.float32))[:, None]
    assert "scaled" not in {found.kind for found in report_of(actual, expected)[0].diagnoses}


# NumPy shows all bytes but 0 as True.
def test_bytes_of_a_bool_are_shown() -> None:
    expected = np.array([False, True, True, True])
    actual = np.array([0, 1, 2, 254], np.uint8).view(bool)
    text = report_of(actual, expected)[1]
    assert "=> not a bool: all 2 mismatches are bytes other than 0 and 1" in text
    assert re.search(r"out\[2\]  +True \(byte 2\)  +True  +1 ", text)
    assert re.search(r"out\[3\]  +True \(byte 254\)  +True  +253 ", text)


def test_infinities_are_not_rounded_nor_scaled() -> None:
    expected = numbers()
    assert report_of(np.full_like(expected, np.inf), expected)[0].diagnoses == ()


@pytest.mark.parametrize(
    ("shape", "axes", "cells", "columns"),
    [
        ((2, 16, 128), (0, 1), 1, 32),
        ((4096,), (0,), 69, 60),
        ((7,), (0,), 1, 7),
        ((100, 3), (0,), 2, 50),
        ((1, 1, 5), (0, 1, 2), 1, 5),
    ],
)
def test_heat_strip(
    shape: tuple[int, ...], axes: tuple[int, ...], cells: int, columns: int
) -> None:
    expected = np.ones(shape, np.float32)
    actual = expected.copy()
    actual[-1] = 2
    heat = report_of(actual, expected)[0].heat
    assert heat is not None
    assert (heat.axes, heat.cells, len(heat.shares)) == (axes, cells, columns)
    assert heat.shares[-1] > 0
    wrong = sum(heat.shares[:-1]) if len(shape) == 1 else 0.0
    assert wrong == 0.0


def sum_of_many(order: int) -> Array:
    """Sums of 4,096 terms of both signs, in float32, from one end or the other."""
    terms = np.random.default_rng(5).standard_normal((4096, 2000), np.float32)
    return np.asarray(np.cumsum(terms[::order], axis=0)[-1])


def test_terms_that_cancel() -> None:
    diff, report = report_of(sum_of_many(-1), sum_of_many(1))
    assert [found.kind for found in diff.diagnoses] == ["cancelled"], report
    assert "no more than another order of a sum may change; ATOL = " in report
    (allowed,) = re.findall(r"ATOL = ([\d.e-]+) lets", report)
    assert report_of(sum_of_many(-1), sum_of_many(1), Tolerance(1e-5, float(allowed)))[0].passed


@pytest.mark.parametrize(("error", "index"), [(0.1, "smallest"), (0.01, "largest")])
def test_errors_that_no_order_explains(error: float, index: str) -> None:
    expected = sum_of_many(1)
    at = np.argmin(np.abs(expected)) if index == "smallest" else np.argmax(np.abs(expected))
    actual = expected.copy()
    actual[at] += error
    diff, report = report_of(actual, expected)
    assert not diff.passed
    assert "cancel" not in report
