"""A case with large tensors, against the same NumPy alone.

    python benchmarks/large.py [--mib N] [--repeat N]

An input and an output of N MiB each: random numbers, which the kernel and ``compute_golden`` both
double. The first runs meet memory that the system has not given out before, so that only the last
half counts; a hypervisor that takes free memory back makes others of them as slow, which medians
show and the best do not. In turns with the case, a process does nothing but what golden.py does.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from directories import KERNEL, golden_directory

GOLDEN = """
import time

import numpy as np

COUNT = {count}


def generate_inputs(params):
    x = np.random.default_rng(0).random(COUNT, dtype=np.float32)
    return {{"x": x, "out_y": np.zeros(COUNT, dtype=np.float32)}}


def compute_golden(tensors, params):
    np.multiply(tensors["x"], 2, out=tensors["out_y"])


if __name__ == "__main__":
    for _ in range({repeat}):
        start = time.perf_counter()
        compute_golden(generate_inputs({{}}), {{}})
        print(time.perf_counter() - start)
"""
CASE = """
import sys, time
from pytest_a2a3sim import Settings, Simulator
simulator = Simulator(Settings(threads=2))
for _ in range({repeat}):
    start = time.perf_counter()
    result = simulator.run_case(sys.argv[1])
    print(time.perf_counter() - start, result.phases["execute"])
    assert result.passed
    del result
"""


def lines(command: list[str]) -> list[list[float]]:
    """Numbers that a process prints, of its later half of lines."""
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [[float(word) for word in row.split()] for row in printed.splitlines()]
    return rows[len(rows) // 2 :]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mib", type=int, default=512)
    parser.add_argument("--repeat", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        golden = golden_directory(Path(name, "golden"), {"double.cpp": KERNEL.format(include="")})
        text = GOLDEN.format(count=options.mib << 18, repeat=options.repeat)
        (golden / "golden.py").write_text(text)
        numpy, cases = [], []
        for _ in range(2):
            numpy += lines([sys.executable, str(golden / "golden.py")])
            cases += lines([sys.executable, "-c", CASE.format(repeat=options.repeat), str(golden)])
    for name, choose in (("best", min), ("median", statistics.median)):
        alone, whole = choose(row[0] for row in numpy), choose(row[0] for row in cases)
        kernel = choose(row[1] for row in cases)
        print(
            f"2 x {options.mib} MiB, {name}: NumPy {alone:.3f} s, kernel {kernel:.3f} s, case "
            f"{whole:.3f} s, so {whole / (alone + kernel):.2f}x of NumPy and the kernel"
        )


if __name__ == "__main__":
    main()
