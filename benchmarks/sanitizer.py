"""What ``--sim-sanitize=all`` costs, against the same cases without it and against libtsan.

    python benchmarks/sanitizer.py [--repeat N] [--section SECTION]...

Every figure is the best of N repetitions, in which the ways to run a case take turns. ``plain`` is
the case with ``--sim-threads=1``; ``sanitized`` the same with every check. ``execute`` is the
execution of the graph, where a sanitized run also checks and reports; ``whole`` is the case as
pytest runs it, from inputs to comparison, with everything in the build cache.

libtsan is GCC's thread sanitizer itself. The same kernels, compiled with the same flags and a bare
``-fsanitize=thread``, are linked with it and called one task after another by
``sanitizer_graphs/serial_driver.cpp``, which has no engine in it. Of that, only the execution
counts. It finds nothing there, since there is one thread: what is measured is what a look at each
access costs.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim import Settings, Simulator
from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.loading.golden import load_case
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.case import Pointer
from pytest_a2a3sim.model.sanitizer import CHECKS
from pytest_a2a3sim.version import INCLUDE_DIR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim import CaseResult

HERE = Path(__file__).resolve().parent
PAGED_ATTENTION = HERE.parent / "examples" / "paged_attention"
GRAPHS = HERE / "sanitizer_graphs"

MOST_TIMES_PLAIN = 8.0
MOST_OF_LIBTSAN = 0.5
MOST_SECONDS = 5.0
MOST_BYTES = 2 << 30


@dataclass(frozen=True)
class Subject:
    """A case that is measured."""

    label: str
    golden: Path
    params: dict[str, Any]


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
    whole: float

    @property
    def execute(self) -> float:
        """Seconds, with what a sanitized run prepares before it."""
        return self.result.phases["execute"] + self.result.phases["check"]


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
            start = time.perf_counter()
            golden, case = load_case(subject.golden, params=subject.params)
            result = self._simulators[sanitized].attempt(golden, case).get()
            whole = time.perf_counter() - start
        result.check()
        return Timed(result, whole)

    def close(self) -> None:
        """Deletes their objects."""
        for simulator in self._simulators.values():
            simulator.close()


class ThreadSanitizer:
    """Cases under libtsan, each built once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._builder = Builder(("-fsanitize=thread",))
        self._plain_builder = Builder()
        self._driver = directory / "driver"
        command = ["g++", "-std=c++17", "-O2", "-fsanitize=thread", f"-I{INCLUDE_DIR}"]
        source = str(GRAPHS / "serial_driver.cpp")
        subprocess.run([*command, source, "-o", str(self._driver), "-ldl"], check=True)

    def command(self, subject: Subject) -> list[str]:
        """Executes the case's graph and prints the seconds that this took."""
        golden, case = load_case(subject.golden, params=subject.params)
        inputs = make_inputs(golden, case)
        arguments = self._directory / f"{subject.label}.args"
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


def compare(cases: Cases, libtsan: ThreadSanitizer, repeat: int) -> None:
    """The sanitizer, plain runs and libtsan on the same kernels."""
    print(f"{'':30} {'execute':>39} {'whole case':>31} {'execute':>23}")
    print(
        f"{'case':30} {'plain':>10} {'sanitized':>13} {'ratio':>7} {'of 4 bytes':>6}"
        f" {'plain':>10} {'sanitized':>13} {'ratio':>6} {'libtsan':>12} {'of it':>8}"
    )
    for subject in SUBJECTS:
        command = libtsan.command(subject)
        plain, sanitized, theirs = [], [], []
        for _ in range(repeat):
            plain.append(cases.run(subject, sanitized=False))
            sanitized.append(cases.run(subject, sanitized=True))
            theirs.append(seconds_of(command))
        execute = [min(timed.execute for timed in runs) for runs in (plain, sanitized)]
        whole = [min(timed.whole for timed in runs) for runs in (plain, sanitized)]
        report = sanitized[0].result.sanitizer
        assert report is not None
        print(
            f"{subject.label:30} {execute[0] * 1e3:7.1f} ms {execute[1] * 1e3:10.1f} ms "
            f"{execute[1] / execute[0]:6.1f}x {execute[1] / report.accesses * 1e9:7.2f} ns"
            f"{whole[0] * 1e3:8.0f} ms {whole[1] * 1e3:10.0f} ms {whole[1] / whole[0]:5.2f}x "
            f"{min(theirs) * 1e3:9.1f} ms {execute[1] / min(theirs):8.2f}",
            flush=True,
        )
    print(
        f"bounds for paged attention: {MOST_TIMES_PLAIN:g} times the plain execution, "
        f"{MOST_OF_LIBTSAN:g} of libtsan's"
    )


def large(cases: Cases, repeat: int) -> None:
    """65,536 tasks that do next to nothing: time and memory."""
    print(f"\n{'graph':30} {'tasks':>7} {'plain':>10} {'sanitized':>12} {'peak memory':>24}")
    plain, sanitized = [], []
    for _ in range(repeat):
        plain.append(cases.run(LARGE, sanitized=False))
        sanitized.append(cases.run(LARGE, sanitized=True))
    memory = [max(timed.result.peak_rss_bytes or 0 for timed in t) for t in (plain, sanitized)]
    print(
        f"{LARGE.label:30} {sanitized[0].result.graph.tasks:7,} "
        f"{min(timed.execute for timed in plain):8.3f} s "
        f"{min(timed.execute for timed in sanitized):10.3f} s "
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
    options = parser.parse_args()
    wanted = options.section or ["compare", "large"]
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        cases = Cases()
        stack.callback(cases.close)
        if "compare" in wanted:
            libtsan = ThreadSanitizer(Path(directory))
            stack.callback(libtsan.close)
            compare(cases, libtsan, options.repeat)
        if "large" in wanted:
            large(cases, options.repeat)
    return 0


if __name__ == "__main__":
    sys.exit(main())
