"""What it costs to find out that nothing has changed.

    python benchmarks/affected.py [--repeat N] [DIRECTORY]

CPU seconds of ``pytest --sim-affected`` where every case is left out, beside those of
``pytest --collect-only``, in turns.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def seconds(cache: str, *arguments: str) -> float:
    """CPU time of one run of pytest."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        env={**os.environ, "A2A3SIM_CACHE_DIR": cache},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Runs both in turns and prints medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", default=str(EXAMPLES))
    parser.add_argument("--repeat", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache:
        seconds(cache, "--sim-affected", options.directory)
        times = [
            (
                seconds(cache, "--collect-only", options.directory),
                seconds(cache, "--sim-affected", options.directory),
            )
            for _ in range(options.repeat)
        ]
    collected, affected = (statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(second / first for first, second in times)
    print(f"collect-only {collected:.2f} s, affected {affected:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
