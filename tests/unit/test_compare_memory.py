"""What a mismatch costs in memory, and that the parts of a tensor give the answers of the whole."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pytest_a2a3sim.comparing import parts
from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.diagnose import growth
from pytest_a2a3sim.comparing.diagnose.diagnosis import diagnose
from pytest_a2a3sim.loading.tensors import as_tensor
from pytest_a2a3sim.model.diff import Pair, TensorDiff
from pytest_a2a3sim.model.tensor import raw_bytes
from pytest_a2a3sim.model.tolerance import Tolerance

Array = npt.NDArray[Any]
MANY = 1 << 22


def diff_of(actual: Array, expected: Array) -> TensorDiff:
    tensor = as_tensor("out", expected)
    pair = Pair(tensor, raw_bytes(actual), raw_bytes(expected), Tolerance())
    return diagnose(pair, compare(pair))


def cut_into(monkeypatch: pytest.MonkeyPatch, elements: int) -> None:
    monkeypatch.setattr(parts, "PART", elements)
    monkeypatch.setattr(growth, "PART", elements)


# A tensor that does not match needs no more memory than one that does.
@pytest.mark.parametrize("shape", [(MANY,), (MANY // 2, 2), (MANY // 64, 64), (64, MANY // 64)])
@pytest.mark.parametrize("wrong", ["one", "half", "most", "all"])
def test_memory_of_a_mismatch_is_bounded(
    monkeypatch: pytest.MonkeyPatch, shape: tuple[int, ...], wrong: str
) -> None:
    cut_into(monkeypatch, 1 << 14)
    random = np.random.default_rng(0)
    expected = random.integers(0, 250, shape, dtype=np.uint8)
    actual = expected.copy()
    if wrong == "one":
        actual.reshape(-1)[-3] += 1
    elif wrong == "half":
        actual[: shape[0] // 2] += 1
    else:
        actual += random.integers(wrong == "all", 5, shape, dtype=np.uint8)
    tracemalloc.start()
    try:
        diff = diff_of(actual, expected)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not diff.passed
    assert peak < 1.5 * expected.nbytes


@pytest.mark.parametrize("elements", [7, 64, 1000])
@pytest.mark.parametrize(
    ("kind", "plant"),
    [
        ("shifted", lambda e: np.roll(e, 3)),
        ("shifted", lambda e: np.roll(e, 2, axis=1)),
        ("transposed", lambda e: np.ascontiguousarray(e.T).reshape(e.shape)),
        ("tail", lambda e: np.where(np.arange(e.size).reshape(e.shape) < 700, e, 9)),
        ("periodic", lambda e: np.where(np.arange(e.size).reshape(e.shape) % 16 == 3, 9, e)),
        ("confined", lambda e: np.where(np.arange(e.shape[1]) == 11, 9, e)),
        ("growing", lambda e: e + 1e-3 * np.arange(1, 41)[:, None] ** 2 * np.sign(e)),
        ("scaled", lambda e: 3 * e),
    ],
)
def test_parts_give_the_answers_of_the_whole(
    monkeypatch: pytest.MonkeyPatch, kind: str, plant: Any, elements: int
) -> None:
    expected = np.random.default_rng(0).uniform(-4, 4, (40, 48)).astype(np.float32)
    actual = np.asarray(plant(expected), np.float32)
    whole = diff_of(actual, expected)
    assert kind in {found.kind for found in whole.diagnoses}
    cut_into(monkeypatch, elements)
    assert diff_of(actual, expected) == whole
