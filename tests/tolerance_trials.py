"""Trials of the default tolerances: what passes that is right, and what fails that is wrong.

A trial is a random reduction or matmul in an element type, accumulated in float32 (in float64 for
float64) and rounded at the end, as kernels do. ``python -m tests.tolerance_trials`` makes 10,000 of
each and prints the tables of docs/authoring.md; tests/unit/test_default_tolerances.py makes fewer.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.model.diff import Pair, TensorDiff
from pytest_a2a3sim.model.tensor import Tensor, raw_bytes
from pytest_a2a3sim.model.tolerance import default_tolerance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Array = np.ndarray[Any, np.dtype[Any]]

TRIALS = 10_000
MOST_TERMS = 128
"""Of a sum in a trial; each has a random number of them, at least 2."""

_ML_DTYPES: Any = find_spec("ml_dtypes") and import_module("ml_dtypes")
_OF_ML_DTYPES = ("bfloat16", "float8_e4m3fn", "float8_e5m2")
FLOATS: dict[str, Any] = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    **{name: getattr(_ML_DTYPES, name) for name in _OF_ML_DTYPES if _ML_DTYPES},
}
_BATCH = 100  # trials of one size
_OUTPUTS = 16  # of a reduction
_BLOCK = 16  # of K, each added up on its own


def diff_of(actual: Array, expected: Array, dtype: str) -> TensorDiff:
    """What the comparison says, without RTOL and ATOL."""
    tensor = Tensor("out", expected, expected.shape, dtype, expected.nbytes)
    return compare(Pair(tensor, raw_bytes(actual), raw_bytes(expected), default_tolerance(dtype)))


def wide_type(dtype: str) -> Any:
    """What sums are accumulated in."""
    return np.float64 if dtype == "float64" else np.float32


def in_order(terms: Array) -> Array:
    """The sum over the first axis, one term after the other."""
    summed: Array = np.cumsum(terms, axis=0, dtype=terms.dtype)[-1]
    return summed


def from_the_end(terms: Array) -> Array:
    """The same from the last term to the first."""
    return in_order(terms[::-1])


def in_blocks(terms: Array) -> Array:
    """The same in blocks, whose sums are added up."""
    starts = range(0, terms.shape[0], _BLOCK)
    return in_order(np.stack([in_order(terms[start : start + _BLOCK]) for start in starts]))


OTHER_ORDERS: tuple[Callable[[Array], Array], ...] = (from_the_end, in_blocks)


def terms_of(kind: str, dtype: str, rng: np.random.Generator, terms: int) -> Array:
    """The terms of a batch of trials: values of the type about 1, half of them positive only."""
    wide = wide_type(dtype)

    def values(*shape: int) -> Array:
        drawn = rng.random(shape) if positive else rng.standard_normal(shape)
        made: Array = drawn.astype(FLOATS[dtype]).astype(wide)
        return made

    positive = bool(rng.integers(2))
    if kind == "reduction":
        return values(terms, _BATCH, _OUTPUTS)
    rows, columns = rng.integers(1, 9, 2)
    a, b = values(terms, _BATCH, rows, 1), values(terms, _BATCH, 1, columns)
    products: Array = a * b
    return products


def false_alarms(kind: str, dtype: str, trials: int, most_terms: int = MOST_TERMS) -> int:
    """How many of the trials another order of the same sums would fail."""
    rng = np.random.default_rng(20_260_301)
    alarms = 0
    for _ in range(trials // _BATCH):
        terms = terms_of(kind, dtype, rng, int(rng.integers(2, most_terms + 1)))
        expected = in_order(terms).astype(FLOATS[dtype])
        failed = np.zeros(_BATCH, bool)
        for order in OTHER_ORDERS:
            actual = order(terms).astype(FLOATS[dtype])
            if not diff_of(actual, expected, dtype).passed:
                failed |= [
                    not diff_of(one, other, dtype).passed
                    for one, other in zip(actual, expected, strict=True)
                ]
        alarms += int(failed.sum())
    return alarms


@dataclass(frozen=True)
class Matmul:
    """A matmul of 32 x 128 x 32 and what a wrong kernel would make of it."""

    dtype: str
    terms: Array
    expected: Array

    @classmethod
    def random(cls, dtype: str, rng: np.random.Generator) -> Matmul:
        wide = wide_type(dtype)
        a = rng.standard_normal((MOST_TERMS, 32, 1)).astype(FLOATS[dtype]).astype(wide)
        b = rng.standard_normal((MOST_TERMS, 1, 32)).astype(FLOATS[dtype]).astype(wide)
        return cls(dtype, a * b, in_order(a * b).astype(FLOATS[dtype]))

    def found(self, actual: Array) -> bool:
        """Whether a result fails."""
        return not diff_of(actual.astype(FLOATS[self.dtype]), self.expected, self.dtype).passed

    def one_element(self, share: float) -> Array:
        """The element of median size is off by a share of itself."""
        wrong = self.expected.astype(np.float64)
        middle = np.argsort(np.abs(wrong), axis=None)[wrong.size // 2]
        wrong.reshape(-1)[middle] *= 1 + share
        return wrong

    def faults(self) -> Iterator[tuple[str, Array]]:
        """Results of kernels with a fault each."""
        wide, whole = wide_type(self.dtype), in_order(self.terms)
        for percent in (0.01, 0.1, 1, 10, 50):
            yield f"one element off by {percent:g} %", self.one_element(percent / 100)
        yield "the last 16 of 128 terms left out", in_order(self.terms[:-_BLOCK])
        yield "one of 128 terms left out", in_order(self.terms[:-1])
        yield "a scale of 1/8 left out", 8 * whole
        for percent in (0.1, 1, 10):
            yield f"a scale off by {percent:g} %", whole * wide(1 + percent / 100)
        narrow = self.terms.astype(FLOATS[self.dtype])
        total = np.zeros_like(narrow[0])
        for term in narrow:
            total = (total.astype(wide) + term.astype(wide)).astype(FLOATS[self.dtype])
        yield "accumulated in the type itself", total
        yield "rounded towards zero", self.rounded_towards_zero(whole)
        yield "rounded to bfloat16 first", whole.astype(FLOATS["bfloat16"])

    def rounded_towards_zero(self, whole: Array) -> Array:
        """The last bits cut off where the type is narrower; the same elsewhere."""
        nearest = whole.astype(FLOATS[self.dtype])
        bits = nearest.view(f"u{nearest.itemsize}").copy()
        bits[np.abs(nearest.astype(wide_type(self.dtype))) > np.abs(whole)] -= 1
        cut: Array = bits.view(FLOATS[self.dtype])
        return cut


def detected(dtype: str, matmuls: int) -> dict[str, int]:
    """By fault, how many of so many matmuls fail with it."""
    rng = np.random.default_rng(20_260_302)
    counts: dict[str, int] = {}
    for _ in range(matmuls):
        matmul = Matmul.random(dtype, rng)
        for fault, actual in matmul.faults():
            counts[fault] = counts.get(fault, 0) + matmul.found(actual)
    return counts


def main() -> None:
    """Prints the tables."""
    say = sys.stdout.write
    for most in (MOST_TERMS, 1024, 4096):
        for kind in ("reduction", "matmul"):
            trials = TRIALS if most == MOST_TERMS else TRIALS // 10
            counts = {name: false_alarms(kind, name, trials, most) for name in FLOATS}
            say(f"{trials} x {kind}, up to {most} terms: {counts}\n")
            sys.stdout.flush()
    matmuls = 200
    columns = {name: detected(name, matmuls) for name in FLOATS}
    say(f"| fault | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}\n")
    for fault in next(iter(columns.values())):
        shares = (f"{100 * column[fault] / matmuls:.3g} %" for column in columns.values())
        say(f"| {fault} | {' | '.join(shares)} |\n")


if __name__ == "__main__":
    main()
