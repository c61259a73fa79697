"""What ``--sim-sanitize=all`` costs, against the same cases without it and against libtsan.

    python benchmarks/sanitizer.py [--repeat N] [--section SECTION]...

Every figure is the best of N repetitions, in which the ways to run a case take turns.

``execute`` is CPU time, which other work on the machine changes less. ``plain``: the case's
kernels, compiled as tests compile them and called one task after another by
``sanitizer_graphs/serial_driver.cpp``, which has no engine in it. ``libtsan``: the same with a bare
``-fsanitize=thread`` as a further flag, linked with GCC's thread sanitizer. It finds nothing, since
there is one thread: what is measured is what a look at each access costs. ``sanitized``: ``plain``,
and as much more as the simulating process of a sanitized run takes than that of a plain one on one
thread, so that preparations, all checks and the report count too.

``whole case`` is wall time of a plain and of a sanitized case as pytest runs it, from inputs to
comparison, with everything in the build cache.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import resource
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim import SanitizerError, Settings, Simulator
from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.case import Pointer
from pytest_a2a3sim.model.checks import CHECKS
from pytest_a2a3sim.version import INCLUDE_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim import CaseResult

HERE = Path(__file__).resolve().parent
PAGED_ATTENTION = HERE.parent / "examples" / "paged_attention"
GRAPHS = HERE / "sanitizer_graphs"

MOST_TIMES_PLAIN = 8.0
MOST_TIMES_PLAIN_INSIDE = 10.0
MOST_OF_LIBTSAN = 0.5
MOST_SECONDS = 5.0
MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class Subject:
    """A case that is measured."""

    label: str
    golden: Path
    params: dict[str, Any] | None  # None: the golden's own


SUBJECTS = (
    Subject(
        "paged attention, 1,024 tasks",
        PAGED_ATTENTION,
        {"batch": 16, "block_num": 16, "context_len": 1024},
    ),
    Subject("stream, 64 x 65,536", GRAPHS, {"kernel": "stream", "tasks": 64, "n": 65536}),
    Subject("matmul, 64 x 96x96", GRAPHS, {"kernel": "matmul", "tasks": 64, "n": 96}),
)
LARGE = Subject(
    "paged attention 256x64",
    PAGED_ATTENTION,
    {
        "batch": 256,
        "block_num": 64,
        "context_len": 128,
        "num_heads": 1,
        "head_dim": 4,
        "block_size": 2,
    },
)


@dataclass(frozen=True)
class Timed:
    """One run of a case."""

    result: CaseResult
    whole: float  # seconds
    cpu: float  # seconds of the simulating process


class Cases:
    """Runs cases as pytest does, on one thread."""

    def __init__(self) -> None:
        self._simulators = {
            False: Simulator(Settings(threads=1, orders=0)),
            True: Simulator(Settings(threads=1, orders=0, sanitize=CHECKS)),
        }

    def run(self, subject: Subject, *, sanitized: bool) -> Timed:
        """Once, in a fresh process."""
        with silence():
            cpu = children_cpu_seconds()
            start = time.perf_counter()
            golden, case = load_case(subject.golden, params=subject.params)
            result = self._simulators[sanitized].attempt(golden, case).get()
            whole = time.perf_counter() - start
        if not isinstance(result.failure, SanitizerError):
            result.check()
        return Timed(result, whole, children_cpu_seconds() - cpu)

    def close(self) -> None:
        """Deletes their objects."""
        for simulator in self._simulators.values():
            simulator.close()


class SerialDriver:
    """Kernels without the engine, compiled with further flags."""

    def __init__(self, directory: Path, *flags: str) -> None:
        self._directory = directory
        self._builder = Builder(flags)
        self._plain_builder = Builder()
        self._driver = directory / "-".join(("driver", *flags))
        command = ["g++", "-std=c++17", "-O2", *flags, f"-I{INCLUDE_DIR}"]
        source = str(GRAPHS / "serial_driver.cpp")
        subprocess.run([*command, source, "-o", str(self._driver), "-ldl"], check=True)

    def command(self, subject: Subject) -> list[str]:
        """Executes the case's graph and prints the seconds that this took."""
        golden, case = load_case(subject.golden, params=subject.params)
        inputs = make_inputs(golden, case)
        arguments = self._directory / f"{subject.label} {self._driver.name}.args"
        with arguments.open("wb") as file:
            for argument in inputs.arguments:
                if isinstance(argument, Pointer):
                    raw = inputs.tensors[argument.tensor].raw()
                    file.write(struct.pack("=QQ", 1, raw.nbytes) + raw.tobytes())
                else:
                    file.write(struct.pack("=QQ", 0, argument.bits))
        kernels = self._builder.build(golden.config).kernels
        plain = self._plain_builder.build(golden.config)
        return [
            *(str(self._driver), str(plain.orchestration_path), plain.orchestration_symbol),
            *(str(arguments), *itertools.chain(*((str(k.path), k.symbol) for k in kernels))),
        ]

    def close(self) -> None:
        """Deletes its objects."""
        self._builder.close()
        self._plain_builder.close()


def seconds_of(command: list[str]) -> float:
    """What a driver's command prints."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stderr)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Orchestrations print."""
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


def inside(cases: Cases, example: Path, repeat: int) -> None:
    """Kernels on PTO ISA at both levels."""
    subject = Subject(example.parent.name, example, None)
    runs = [[cases.run(subject, sanitized=on) for _ in range(repeat)] for on in (False, True)]
    plain, sanitized = (min(timed.cpu for timed in each) for each in runs)
    tasks = runs[1][0].result.graph.tasks
    print(
        f"\n{subject.label}, {tasks:,} tasks on PTO ISA, CPU time of the simulation: plain "
        f"{plain * 1e3:.0f} ms, sanitized {sanitized * 1e3:.0f} ms, {sanitized / plain:.1f}x "
        f"(bound: {MOST_TIMES_PLAIN_INSIDE:g}x)"
    )


def children_cpu_seconds() -> float:
    """Of all processes that this one has waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def compare(cases: Cases, bare: SerialDriver, libtsan: SerialDriver, repeat: int) -> None:
    """The sanitizer, plain runs and libtsan on the same kernels."""
    print(
        f"{'execute':30} {'plain':>10} {'sanitized':>11} {'ratio':>7} {'libtsan':>11} {'ratio':>7} "
        f"{'sanitized / libtsan':>20} {'simulation, CPU':>26} {'whole case':>22}"
    )
    for subject in SUBJECTS:
        commands = [driver.command(subject) for driver in (bare, libtsan)]
        plain, sanitized = [], []
        drivers: tuple[list[float], list[float]] = ([], [])
        for _ in range(repeat):
            plain.append(cases.run(subject, sanitized=False))
            sanitized.append(cases.run(subject, sanitized=True))
            for times, command in zip(drivers, commands, strict=True):
                times.append(seconds_of(command))
        execute, theirs = map(min, drivers)
        cpu = [min(timed.cpu for timed in runs) for runs in (plain, sanitized)]
        more = cpu[1] - cpu[0]
        whole = [min(timed.whole for timed in runs) for runs in (plain, sanitized)]
        print(
            f"{subject.label:30} {execute * 1e3:7.1f} ms {(execute + more) * 1e3:8.0f} ms "
            f"{1 + more / execute:6.1f}x {theirs * 1e3:8.0f} ms {theirs / execute:6.1f}x "
            f"{(execute + more) / theirs:20.2f} {cpu[0] * 1e3:6.0f} ms {cpu[1] * 1e3:6.0f} ms "
            f"{cpu[1] / cpu[0]:6.1f}x {whole[0]:9.2f} s {whole[1]:8.2f} s",
            flush=True,
        )
    print(
        f"bounds for paged attention: {MOST_TIMES_PLAIN:g} times the plain simulation, "
        f"{MOST_OF_LIBTSAN:g} of libtsan's"
    )


def large(cases: Cases, repeat: int) -> None:
    """65,536 tasks that do next to nothing: CPU time and memory of the simulating process."""
    print(f"\n{'graph':30} {'tasks':>7} {'plain':>10} {'sanitized':>12} {'peak memory':>22}")
    plain, sanitized = [], []
    for _ in range(repeat):
        plain.append(cases.run(LARGE, sanitized=False))
        sanitized.append(cases.run(LARGE, sanitized=True))
    cpu = [min(timed.cpu for timed in runs) for runs in (plain, sanitized)]
    memory = [max(timed.result.peak_rss_bytes or 0 for timed in t) for t in (plain, sanitized)]
    print(
        f"{LARGE.label:30} {sanitized[0].result.graph.tasks:7,} "
        f"{cpu[0]:8.2f} s {cpu[1]:10.2f} s "
        f"{memory[0] / 2**20:8.0f} and {memory[1] / 2**20:5.0f} MiB"
    )
    print(f"bounds: {MOST_SECONDS:g} s, {MOST_BYTES >> 20:,} MiB")


def main() -> int:
    """Prints the tables that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument(
        "--section",
        action="append",
        choices=("compare", "large"),
        help="only these; may be repeated",
    )
    parser.add_argument(
        "--pto-example",
        type=Path,
        help="measure this golden.py of kernels on PTO ISA (PTO_ISA_ROOT) alone",
    )
    options = parser.parse_args()
    wanted = options.section or ["compare", "large"]
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        cases = Cases()
        stack.callback(cases.close)
        if options.pto_example is not None:
            inside(cases, options.pto_example, options.repeat)
            return 0
        if "compare" in wanted:
            bare = SerialDriver(Path(directory))
            stack.callback(bare.close)
            libtsan = SerialDriver(Path(directory), "-fsanitize=thread")
            stack.callback(libtsan.close)
            compare(cases, bare, libtsan, options.repeat)
        if "large" in wanted:
            large(cases, options.repeat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
