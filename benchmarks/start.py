"""What a session costs beside what its user would pay anyway, in CPU time.

    python benchmarks/start.py [--repeat N]

Sessions take turns in one run, each in a process of its own: a bare pytest, without this plugin,
whose only test imports NumPy; one warm case with the plugin, and ``--collect-only`` of it; and a
session of plain tests with the plugin and without it. Run it in an environment that has pytest,
NumPy and this plugin alone: other plugins cost both sides.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from directories import KERNEL, golden_directory

NUMPY_TEST = """
def test_sum():
    import numpy as np
    x = np.arange(8, dtype=np.float32)
    assert np.allclose(2 * x, x + x)
"""
PLAIN_TEST = "def test_nothing():\n    pass\n"
WITHOUT = ("-p", "no:a2a3sim")


def cpu_seconds(arguments: tuple[str, ...], cwd: Path, cache: Path) -> float:
    """User and system time of one pytest and its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=cwd,
        env={**os.environ, "A2A3SIM_CACHE_DIR": str(cache)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Runs all in turns; prints medians of CPU time, and of ratios within a turn."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--json", type=Path, help="where the ratios are written to")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        cache = root / "cache"
        case = golden_directory(root / "case", {"double.cpp": KERNEL.format(include="")})
        for name, text in (("numpy", NUMPY_TEST), ("plain", PLAIN_TEST)):
            (root / name).mkdir()
            (root / name / "test_it.py").write_text(text)
        sessions = {
            "bare pytest with NumPy": (WITHOUT, root / "numpy"),
            "one warm case": ((), case),
            "collect-only": (("--collect-only",), case),
            "plain tests, without the plugin": (WITHOUT, root / "plain"),
            "plain tests, with it": ((), root / "plain"),
        }
        cpu_seconds((), case, cache)  # compiles
        turns = [
            {name: cpu_seconds(*session, cache) for name, session in sessions.items()}
            for _ in range(options.repeat)
        ]
    for name in sessions:
        print(f"{name:32} {1e3 * statistics.median(turn[name] for turn in turns):6.1f} ms")

    def ratio(name: str) -> float:
        return statistics.median(turn[name] / turn["bare pytest with NumPy"] for turn in turns)

    more = statistics.median(
        turn["plain tests, with it"] - turn["plain tests, without the plugin"] for turn in turns
    )
    ratios = {"warm case": ratio("one warm case"), "collect-only": ratio("collect-only")}
    print(f"one warm case  {ratios['warm case']:.2f} x bare pytest with NumPy")
    print(f"collect-only   {ratios['collect-only']:.2f} x bare pytest with NumPy")
    print(f"plain tests    {1e3 * more:+.1f} ms with the plugin")
    if options.json:
        options.json.write_text(json.dumps(ratios, indent=1) + "\n")


if __name__ == "__main__":
    main()
