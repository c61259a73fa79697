"""What a process of its own costs a case, against running it inside the calling process.

    python benchmarks/isolation.py [--repeat N] [--threads N]

Both modes take turns within one run, on objects that are compiled once; the figures are the best
of N (20 N for the small case). There are two times of a case: the whole of it, as pytest runs it,
from inputs to comparison; and the simulation alone, from the start of the run until its outputs
are back. The small case is examples/vector_example (4 tasks), the large one paged attention with
4,096 tasks.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.engine.case import Run
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.engine.request import RunOptions
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.between_cases import BetweenCases
from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.running.run import finish
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PAGED_ATTENTION = {"batch": 64, "block_num": 16, "context_len": 1024}  # 4,096 tasks
MOST_MILLISECONDS = 4.0
MOST_PERCENT = 3.0


@dataclass(frozen=True)
class WholeCase:
    """A case as pytest runs it."""

    name: str
    golden: GoldenSpec
    case: CaseSpec
    simulators: dict[bool, Simulator]
    between: BetweenCases

    def seconds(self, *, isolate: bool) -> float:
        """Time of one run, inputs, golden and comparison included."""
        with silence():
            start = time.perf_counter()
            simulator = self.simulators[isolate]
            simulator.attempt(self.golden, self.case, between=self.between).get().check()
            return time.perf_counter() - start


@dataclass(frozen=True)
class Simulation:
    """The simulation of a case alone."""

    name: str
    built: BuiltCase
    inputs: CaseInputs
    options: RunOptions
    between: BetweenCases

    def seconds(self, *, isolate: bool) -> float:
        """Time of one simulation."""
        options = replace(self.options, isolate=isolate)
        between = self.between if isolate else None
        with HostMemory(self.inputs, between) as memory, silence():
            start = time.perf_counter()
            with Run(self.built, self.inputs, memory, options) as run:
                finish(run)
            return time.perf_counter() - start


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Orchestrations print, in this process or in its child."""
    sys.stdout.flush()
    saved = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)
        os.close(nowhere)


def subjects(
    builder: Builder, name: str, directory: str, params: dict[str, Any] | None, threads: int
) -> tuple[WholeCase, Simulation]:
    """Compiles an example and makes its inputs."""
    golden, case = load_case(EXAMPLES / directory, params=params)
    inputs = make_inputs(golden, case)
    run_options = RunOptions(block_dim=golden.config.runtime.block_dim, threads=threads)
    simulators = {
        isolate: Simulator(Settings(threads=threads, isolate=isolate)) for isolate in (False, True)
    }
    built, between = builder.build(golden.config), BetweenCases()
    return (
        WholeCase(f"{name}, whole", golden, case, simulators, between),
        Simulation(f"{name}, simulation", built, inputs, run_options, between),
    )


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--threads", type=int, default=usable_cpus())
    options = parser.parse_args()
    with Builder() as builder:
        small = subjects(builder, "vector_example", "vector_example", None, options.threads)
        large = subjects(
            builder, "paged attention", "paged_attention", PAGED_ATTENTION, options.threads
        )
        rows = [*((item, 20) for item in small), *((item, 1) for item in large)]
        print(f"{'case':30} {'in process':>12} {'isolated':>12} {'more':>10} {'ratio':>7}")
        for item, inner in rows:
            inside, isolated = measure(item, options.repeat * inner)
            print(
                f"{item.name:30} {inside * 1e3:9.2f} ms {isolated * 1e3:9.2f} ms "
                f"{(isolated - inside) * 1e3:7.2f} ms {isolated / inside:7.3f}"
            )
    print(
        f"bounds: {MOST_MILLISECONDS:g} ms more for the small case, {MOST_PERCENT:g} % more for "
        "the large one"
    )


def measure(item: WholeCase | Simulation, repeat: int) -> tuple[float, float]:
    """The best in-process and the best isolated time, taken in turns."""
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(repeat):
        for isolate in (False, True):
            samples[isolate].append(item.seconds(isolate=isolate))
    return min(samples[0]), min(samples[1])


if __name__ == "__main__":
    main()
