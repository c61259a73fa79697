"""What further orders add to a case in pytest, beside what its graph takes to execute.

    python benchmarks/orders.py [--cases N] [--repeat R] [--threads T]

Sessions of N equal cases with and without further orders take turns; a figure is the difference of
the medians of R sessions, for each case. Where another CPU is free, much of the orders' time passes
while pytest compares and reports.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from isolation import silence

from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.model.between_cases import BetweenCases
from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.simulator import Simulator

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def with_cases(example: Path, scratch: Path, count: int) -> Path:
    """A copy of it that has so many equal cases."""
    directory = Path(shutil.copytree(example, scratch / example.name))
    with (directory / "golden.py").open("a") as golden:
        golden.write(f"\nPARAMS_LIST = [dict(PARAMS_LIST[0]) for _ in range({count})]\n")
    return directory


def session_seconds(directory: Path, orders: str, threads: int) -> float:
    """Of one run of pytest."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    start = time.perf_counter()
    subprocess.run(
        [*command, f"--sim-orders={orders}", f"--sim-threads={threads}", str(directory)],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=directory.parent,
    )
    return time.perf_counter() - start


def phase_milliseconds(directory: Path, threads: int) -> tuple[float, float]:
    """Medians of the execution and of the further orders, in the process of the case."""
    golden, case = load_case(directory)
    with contextlib.closing(Simulator(Settings(threads=threads))) as simulator, silence():
        between = BetweenCases()
        attempts = [simulator.attempt(golden, case, between=between) for _ in range(60)]
        between.close()
        phases = [attempt.facts.phases for attempt in attempts]
    execution, orders = (
        1e3 * statistics.median(each[name] for each in phases) for name in ("execute", "orders")
    )
    return execution, orders


def main() -> None:
    """Prints a line for each example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    options = parser.parse_args()
    for name in ("vector_example", "paged_attention"):
        with tempfile.TemporaryDirectory() as temporary:
            directory = with_cases(EXAMPLES / name, Path(temporary), options.cases)
            execution, orders = phase_milliseconds(directory, options.threads)
            taken: dict[str, list[float]] = {"off": [], "auto": []}
            for _ in range(options.repeat):
                for choice, seconds in taken.items():
                    seconds.append(session_seconds(directory, choice, options.threads))
            off, auto = (statistics.median(seconds) for seconds in taken.values())
            added = 1e3 * (auto - off) / options.cases
            print(
                f"{name}: execution {execution:.2f} ms, orders {orders:.2f} ms in their process; "
                f"a case takes {1e3 * off / options.cases:.2f} ms without them, {added:+.2f} with"
            )


if __name__ == "__main__":
    main()
