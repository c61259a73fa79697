"""The engine against oneTBB, Taskflow, OpenMP tasks and StarPU on the same graphs.

    python benchmarks/engine.py [--quick] [--repeat N] [--section SECTION]...

Every figure is the best of N repetitions, and repetitions of the engine and of the libraries take
turns. The engine's time is what a test pays in the simulating process: the orchestration's calls of
the runtime, the checks of the graph, and its execution with the timeline. It starts in a fresh
process each time. ``first`` is a library's first large graph in a fresh process too; ``warm`` is
the best of the next ones in that process, when its memory is already there.

Needs ``apt install libtbb-dev libstarpu-dev``, and a checkout of Taskflow that the environment
variable ``TASKFLOW`` names; a library that is missing is left out.
"""

from __future__ import annotations

import argparse
import itertools
import resource
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from task_graphs import (
    CHAIN,
    FAN,
    HERE,
    LARGE,
    LAYERS,
    MILLION,
    SMALL,
    GraphShape,
    Library,
    Programs,
)

from pytest_a2a3sim import Settings, Simulator
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.model.between_cases import BetweenCases

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Self

    from pytest_a2a3sim import CaseResult
    from pytest_a2a3sim.model.settings import Threads

IN_PROCESS_REPEATS = 5
LONGEST_RUN = 1e7  # microseconds of kernels


@dataclass(frozen=True)
class EngineTime:
    """Seconds of one run, by phase."""

    orchestrate: float
    check: float
    execute: float

    @property
    def total(self) -> float:
        """Building, checking and running."""
        return self.orchestrate + self.check + self.execute


class Engine:
    """Runs graphs as a session of pytest does."""

    def __init__(self) -> None:
        self._simulators: dict[Threads, Simulator] = {}
        self._between = BetweenCases()

    def run(self, shape: GraphShape, iterations: int, threads: Threads) -> EngineTime:
        """Once, in a fresh process."""
        result = self.run_case(HERE, _params(shape, iterations), threads)
        if result.graph.tasks != shape.tasks or not result.passed:
            raise SystemExit(f"{shape.label}: the engine ran another graph")
        phases = result.phases
        return EngineTime(phases["orchestrate"], phases["check"], phases["execute"])

    def peak(self, shape: GraphShape, threads: Threads) -> int:
        """The largest resident size of the simulating process, in bytes."""
        return self.run_case(HERE, _params(shape, 0), threads).facts.peak_rss_bytes or 0

    def run_case(self, golden: Path, params: dict[str, Any], threads: Threads) -> CaseResult:
        """Any golden directory."""
        if threads not in self._simulators:
            self._simulators[threads] = Simulator(Settings(threads=threads))
        spec, case = load_case(golden, None, params=params, kernels=None)
        return self._simulators[threads].attempt(spec, case, between=self._between).get()

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes what it opened."""
        self._between.close()
        for simulator in self._simulators.values():
            simulator.close()


def _params(shape: GraphShape, iterations: int) -> dict[str, Any]:
    return {"shape": shape.name, "a": shape.a, "b": shape.b, "iterations": iterations}


def best(times: Sequence[EngineTime]) -> EngineTime:
    """The repetition with the smallest total."""
    return min(times, key=lambda time: time.total)


def compare(
    runner: Engine,
    programs: Programs,
    shapes: Sequence[GraphShape],
    microseconds: Sequence[float],
    repeat: int,
) -> None:
    """The table of ratios."""
    per_microsecond = programs.iterations_per_microsecond()
    names = [f"{item.label} {kind}" for item in programs.libraries for kind in ("first", "warm")]
    print(f"\n{'graph':24} {'kernel':>8} {'threads':>7} {'engine ms':>10} {'ns/task':>8}", end="")
    print("".join(f" {name:>19}" for name in names))
    for shape, duration, threads in itertools.product(shapes, microseconds, (1, 2)):
        if shape.tasks * duration > LONGEST_RUN:
            continue
        iterations = round(duration * per_microsecond)
        ours: list[EngineTime] = []
        theirs: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(repeat):
            ours.append(runner.run(shape, iterations, threads))
            for item in programs.libraries:
                repeats = 1 if duration else IN_PROCESS_REPEATS
                times = programs.seconds(item, shape, iterations, threads, repeats)
                theirs[f"{item.label} first"].append(times[0])
                theirs[f"{item.label} warm"] += times[1:]
        total = best(ours).total
        print(
            f"{shape.label:24} {duration:5g} us {threads:7} {total * 1e3:10.2f} "
            f"{total / shape.tasks * 1e9:8.1f}",
            end="",
        )
        for times in theirs.values():
            figure = f"{min(times) * 1e3:.2f} ({min(times) / total:.2f}x)" if times else "-"
            print(f" {figure:>19}", end="")
        print(flush=True)


def phases(runner: Engine, shapes: Sequence[GraphShape], repeat: int) -> None:
    """Where the engine's own time goes, with empty kernels."""
    print(f"\n{'graph':24} {'threads':>7} {'orchestrate':>12} {'check':>8} {'execute':>8}", end="")
    print(f" {'total ms':>9} {'execute ns/task':>16}")
    for shape in shapes:
        for threads in (1, 2):
            time = best([runner.run(shape, 0, threads) for _ in range(3 * repeat)])
            print(
                f"{shape.label:24} {threads:7} {time.orchestrate * 1e3:12.2f} "
                f"{time.check * 1e3:8.2f} {time.execute * 1e3:8.2f} {time.total * 1e3:9.2f} "
                f"{time.execute / shape.tasks * 1e9:16.1f}"
            )


def million(runner: Engine, repeat: int) -> None:
    """A million tasks: time, and memory above that of a graph of 2 tasks."""
    print(f"\n{'graph':24} {'threads':>7} {'seconds':>8} {'bytes/task':>10}")
    small = runner.peak(GraphShape("", "chain", 2, 0, 2), 1)
    for shape in MILLION:
        for threads in (1, 2):
            time = best([runner.run(shape, 0, threads) for _ in range(repeat)])
            grown = runner.peak(shape, threads) - small
            print(f"{shape.label:24} {threads:7} {time.total:8.3f} {grown / shape.tasks:10.0f}")


def efficiency(runner: Engine, programs: Programs, repeat: int) -> None:
    """Execution against threads that call the kernels in a loop: wall time and CPU time."""
    print(f"\n{'graph':24} {'kernel':>8} {'threads':>7} {'of the ideal':>13} {'by CPU time':>12}")
    bare = Library("bare threads", "bare_threads.cpp", ())
    iterations = round(10 * programs.iterations_per_microsecond())
    for shape in (LARGE, LAYERS):
        for threads in (1, 2, 16, "cores"):
            ideal, ideal_cpu, wall, cpu = [], [], [], []
            for _ in range(repeat):
                before = children_cpu_seconds()
                ideal.append(
                    programs.seconds(bare, shape, iterations, 1 if threads == 1 else 2, 1)[0]
                )
                between = children_cpu_seconds()
                wall.append(runner.run(shape, iterations, threads).execute)
                ideal_cpu.append(between - before)
                cpu.append(children_cpu_seconds() - between)
            print(
                f"{shape.label:24} {10:5} us {threads!s:>7} {min(ideal) / min(wall):13.1%} "
                f"{min(ideal_cpu) / min(cpu):12.1%}"
            )


def real_kernels(runner: Engine, repeat: int) -> None:
    """The kernels' own time, divided by the threads, against the wall time of the execution."""
    params = {"batch": 256, "num_heads": 16, "block_size": 128, "block_num": 4, "context_len": 512}
    golden = HERE.parents[1] / "examples" / "paged_attention"
    print(
        f"\n{'paged attention, real kernels':32} {'threads':>7} {'tasks':>6} {'of the ideal':>13}"
    )
    for threads in (1, 2):
        fractions = []
        for _ in range(repeat):
            result = runner.run_case(golden, params, threads)
            work = (result.timeline["end"] - result.timeline["start"]).sum()
            fractions.append(work / threads / result.phases["execute"])
        print(f"{'':32} {threads:7} {result.graph.tasks:6} {statistics.median(fractions):13.1%}")


def children_cpu_seconds() -> float:
    """Of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> int:
    """Prints the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer graphs and kernels")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--section",
        action="append",
        choices=("phases", "million", "efficiency", "compare"),
        help="only these; may be repeated",
    )
    options = parser.parse_args()
    wanted = options.section or ["phases", "million", "efficiency", "compare"]
    shapes = [LARGE] if options.quick else [SMALL, LARGE, FAN, CHAIN, LAYERS]
    with Engine() as runner, tempfile.TemporaryDirectory() as directory:
        if "phases" in wanted:
            phases(runner, shapes, options.repeat)
        if "million" in wanted:
            million(runner, options.repeat)
        if {"efficiency", "compare"} & set(wanted):
            programs = Programs(Path(directory))
            if "efficiency" in wanted:
                efficiency(runner, programs, options.repeat)
                real_kernels(runner, options.repeat)
            if "compare" in wanted:
                durations = (0, 10) if options.quick else (0, 1, 10, 100)
                compare(runner, programs, shapes, durations, options.repeat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
