"""What a session costs beside what its user would pay anyway, in CPU time.

    python benchmarks/start.py [--repeat N]

Sessions take turns in one run, each in a process of its own: a bare pytest, without this plugin,
whose only test imports NumPy; one warm case with the plugin, and ``--collect-only`` of it; and a
session of plain tests with the plugin and without it. Run it in an environment that has pytest,
NumPy and this plugin alone: other plugins cost both sides.
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

from directories import KERNEL, golden_directory

NUMPY_TEST = """
def test_sum():
    import numpy as np
    x = np.arange(8, dtype=np.float32)
    assert np.allclose(2 * x, x + x)
"""
PLAIN_TEST = "def test_nothing():\n    pass\n"
WITHOUT = ("-p", "no:a2a3sim")
BARE = "bare pytest with NumPy"


def cpu_seconds(arguments: tuple[str, ...], cwd: Path, cache: Path) -> float:
    """User and system time of one pytest and its processes."""
    environment = {**os.environ, "A2A3SIM_CACHE_DIR": str(cache)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a warm session finds bytecode
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=cwd,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def turns(repeat: int) -> list[dict[str, float]]:
    """CPU seconds of each session, by its name, in so many turns."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        cache = root / "cache"
        case = golden_directory(root / "case", {"double.cpp": KERNEL.format(include="")})
        for name, text in (("numpy", NUMPY_TEST), ("plain", PLAIN_TEST)):
            (root / name).mkdir()
            (root / name / "test_it.py").write_text(text)
        sessions = {
            BARE: (WITHOUT, root / "numpy"),
            "one warm case": ((), case),
            "collect-only": (("--collect-only",), case),
            "plain tests, without the plugin": (WITHOUT, root / "plain"),
            "plain tests, with it": ((), root / "plain"),
        }
        cpu_seconds((), case, cache)  # compiles
        return [
            {name: cpu_seconds(*session, cache) for name, session in sessions.items()}
            for _ in range(repeat)
        ]


def ratios(measured: list[dict[str, float]]) -> dict[str, float]:
    """Of sessions to the bare one, medians of those within a turn."""
    return {
        name: statistics.median(turn[name] / turn[BARE] for turn in measured)
        for name in ("one warm case", "collect-only")
    }


def main() -> None:
    """Prints medians of CPU time, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    measured = turns(parser.parse_args().repeat)
    for name in measured[0]:
        print(f"{name:32} {1e3 * statistics.median(turn[name] for turn in measured):6.1f} ms")
    for name, ratio in ratios(measured).items():
        print(f"{name:32} {ratio:6.2f} x {BARE}")
    more = statistics.median(
        turn["plain tests, with it"] - turn["plain tests, without the plugin"] for turn in measured
    )
    print(f"plain tests, with the plugin     {1e3 * more:+6.1f} ms")


if __name__ == "__main__":
    main()
