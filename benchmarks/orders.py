"""What further orders add to a case, beside what its graph takes to execute.

    python benchmarks/orders.py [--cases N] [--threads T]

N runs of a case with further orders and N without take turns in one process, from its inputs to
its verdict. Where another CPU is free, some of the orders' time passes while outputs are compared.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from isolation import silence

from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.model.between_cases import BetweenCases
from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
CHOICES: tuple[Literal["off", "auto"], ...] = ("off", "auto")
WARM_UP = 50


def measure(
    directory: Path, threads: int, cases: int
) -> tuple[dict[str, list[float]], list[Mapping[str, float]]]:
    """Seconds of each run by choice, and those of the phases of runs with further orders."""
    golden, case = load_case(directory)
    taken: dict[str, list[float]] = {choice: [] for choice in CHOICES}
    phases: list[Mapping[str, float]] = []
    with contextlib.ExitStack() as stack, silence():
        between = BetweenCases()
        stack.callback(between.close)
        simulators = {
            choice: stack.enter_context(
                contextlib.closing(Simulator(Settings(threads=threads, orders=choice)))
            )
            for choice in CHOICES
        }
        for turn in range(cases + WARM_UP):
            for choice in CHOICES[:: 1 if turn % 2 else -1]:
                start = time.perf_counter()
                attempt = simulators[choice].attempt(golden, case, between=between)
                attempt.get().check()
                taken[choice].append(time.perf_counter() - start)
                if choice == "auto":
                    phases.append(attempt.facts.phases)
    return taken, phases


def milliseconds(values: Sequence[float]) -> float:
    """The median of what follows the warm-up."""
    return 1e3 * statistics.median(values[WARM_UP:])


def main() -> None:
    """Prints a line for each example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    options = parser.parse_args()
    for name in ("vector_example", "paged_attention"):
        taken, phases = measure(EXAMPLES / name, options.threads, options.cases)
        execution, orders = (
            milliseconds([each[phase] for each in phases]) for phase in ("execute", "orders")
        )
        off, auto = (milliseconds(taken[choice]) for choice in CHOICES)
        print(
            f"{name}: execution {execution:.3f} ms, orders {orders:.3f} ms in their process; "
            f"a case takes {off:.2f} ms without them, {auto - off:+.3f} with"
        )


if __name__ == "__main__":
    main()
