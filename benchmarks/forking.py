"""What it saves that a small process forks those of cases, and not pytest.

    python benchmarks/forking.py [--cases N] [--repeat R]

Sessions of N equal cases with ``--sim-isolation=process`` and ``=fork`` take turns. CPU time and
page faults are those of all processes of a session: those that the server has forked count as well.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from orders import EXAMPLES, with_cases
from start import adopt_orphans, reap_all


def session(directory: Path, isolation: str) -> tuple[float, float, int]:
    """Seconds that one takes, CPU seconds, page faults."""
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    subprocess.run(
        [*command, f"--sim-isolation={isolation}", str(directory)],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=directory.parent,
        env=environment,
    )
    seconds = time.perf_counter() - start
    reap_all()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, after.ru_minflt - before.ru_minflt


def main() -> None:
    """Prints a line for each example and way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--repeat", type=int, default=7)
    arguments = parser.parse_args()
    adopt_orphans()
    for name in ("vector_example", "paged_attention"):
        with tempfile.TemporaryDirectory() as scratch:
            directory = with_cases(EXAMPLES / name, Path(scratch), arguments.cases)
            session(directory, "process")  # compiles
            ways = ("process", "fork")
            turns = [
                {way: session(directory, way) for way in ways} for _ in range(arguments.repeat)
            ]
        for way in ways:
            seconds, cpu, faults = (
                statistics.median(turn[way][part] for turn in turns) for part in range(3)
            )
            print(f"{name:16} {way:8} {seconds:6.2f} s, {cpu:6.2f} s CPU, {faults:8.0f} faults")


if __name__ == "__main__":
    main()
