"""Time to compare two tensors, against NumPy and against reading them once.

    python benchmarks/compare.py [--elements N] [--repeat N] [--threads N]

Every row compares the same two arrays, of which no element, 1 % or each element is wrong. "read"
is ``numpy.bitwise_or.reduce`` over both arrays, on as many threads. Times are minima.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.engine.compare import measure
from pytest_a2a3sim.loading.tensors import as_tensor
from pytest_a2a3sim.model.diff import Pair
from pytest_a2a3sim.model.settings import usable_cpus
from pytest_a2a3sim.model.tensor import raw_bytes
from pytest_a2a3sim.model.tolerance import Tolerance

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

ONE_PERCENT = 0.01
TOLERANCE = Tolerance(rtol=1e-5, atol=1e-5)


def milliseconds(actions: list[Callable[[], object]], repeat: int) -> list[float]:
    """The shortest time of each action; they take turns, so that a busy machine hits them all."""
    best = [float("inf")] * len(actions)
    for _ in range(repeat):
        for i, action in enumerate(actions):
            start = time.perf_counter()
            action()
            best[i] = min(best[i], 1e3 * (time.perf_counter() - start))
    return best


def row(
    actual: npt.NDArray[Any], expected: npt.NDArray[Any], threads: int
) -> list[Callable[[], object]]:
    """What is timed for one pair of arrays."""
    tensor = as_tensor("x", expected)
    pair = Pair(tensor, raw_bytes(actual), raw_bytes(expected), TOLERANCE)
    halves = [
        half for array in (actual, expected) for half in np.array_split(array.view("u8"), threads)
    ]
    pool = ThreadPoolExecutor(threads)

    def read() -> None:
        list(pool.map(np.bitwise_or.reduce, halves))

    def assert_allclose() -> None:
        with contextlib.suppress(AssertionError):
            np.testing.assert_allclose(actual, expected, TOLERANCE.rtol, TOLERANCE.atol)

    return [
        lambda: measure(pair, threads),
        read,
        lambda: np.isclose(actual, expected, TOLERANCE.rtol, TOLERANCE.atol).all(),
        assert_allclose,
    ]


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=1 << 24)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    options = parser.parse_args()
    print(f"{options.elements} elements, {options.threads} threads, best of {options.repeat}")
    print(
        f"{'dtype':>8} {'wrong':>5} {'compare':>9} {'read':>9} {'isclose':>9} {'allclose':>10}"
        f" {'/ read':>7} {'isclose /':>10} {'allclose /':>11}"
    )
    random = np.random.default_rng(1)
    for dtype in ("float32", "float16", "float64", "int32"):
        expected = (100 * random.standard_normal(options.elements)).astype(dtype)
        one_percent = expected.copy()
        one_percent[random.random(options.elements) < ONE_PERCENT] += np.array(1, dtype)
        for wrong, actual in (
            ("none", expected.copy()),
            ("1 %", one_percent),
            ("all", expected + np.array(1, dtype)),
        ):
            actions = row(actual, expected, options.threads)
            compare, read, isclose, allclose = milliseconds(actions, options.repeat)
            print(
                f"{dtype:>8} {wrong:>5} {compare:6.1f} ms {read:6.1f} ms {isclose:6.0f} ms "
                f"{allclose:7.0f} ms {compare / read:6.2f}x {isclose / compare:9.1f}x "
                f"{allclose / compare:10.1f}x",
                flush=True,
            )


if __name__ == "__main__":
    main()
