"""What a session costs beside what its user would pay anyway, in CPU time.

    python benchmarks/start.py [--repeat N]

Sessions take turns in one run, each in a process of its own: a bare pytest, without this plugin,
whose only test imports NumPy; one warm case with the plugin, and ``--collect-only`` of it; a
session of plain tests with the plugin and without it; and the cases of ``examples/paged_attention``
beside a bare pytest whose test makes their inputs and expected outputs. Run it in an environment
that has pytest, NumPy and this plugin alone: other plugins cost both sides.

Processes of cases are not children of pytest. Here they are this process's, once their parents have
ended, so that their time is counted; the times are those of the system for all of its children.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
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
EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "paged_attention"
EXAMPLE_NUMPY_TEST = f"""
import importlib.util

def test_all_cases():
    spec = importlib.util.spec_from_file_location("golden", {str(EXAMPLE / "golden.py")!r})
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    for params in golden.PARAMS_LIST:
        golden.compute_golden(dict(golden.generate_inputs(params)), params)
"""
PLAIN_TEST = "def test_nothing():\n    pass\n"
WITHOUT = ("-p", "no:a2a3sim")
BARE = "bare pytest with NumPy"
EXAMPLE_BARE = "NumPy of paged_attention"
EXAMPLE_RUN = "paged_attention"
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Has processes whose parents end become this one's children."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("this process cannot adopt orphans")


def reap_all() -> None:
    """Waits for all children."""
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


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
    reap_all()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def turns(repeat: int) -> list[dict[str, float]]:
    """CPU seconds of each session, by its name, in so many turns."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        cache = root / "cache"
        case = golden_directory(root / "case", {"double.cpp": KERNEL.format(include="")})
        texts = {"numpy": NUMPY_TEST, "plain": PLAIN_TEST, "example": EXAMPLE_NUMPY_TEST}
        for name, text in texts.items():
            (root / name).mkdir()
            (root / name / "test_it.py").write_text(text)
        sessions = {
            BARE: (WITHOUT, root / "numpy"),
            "one warm case": ((), case),
            "collect-only": (("--collect-only",), case),
            "plain tests, without the plugin": (WITHOUT, root / "plain"),
            "plain tests, with it": ((), root / "plain"),
            EXAMPLE_BARE: (WITHOUT, root / "example"),
            EXAMPLE_RUN: ((), EXAMPLE),
        }
        cpu_seconds((), case, cache)  # compiles
        cpu_seconds((), EXAMPLE, cache)
        return [
            {name: cpu_seconds(*session, cache) for name, session in sessions.items()}
            for _ in range(repeat)
        ]


def ratios(measured: list[dict[str, float]]) -> dict[str, float]:
    """Of sessions to the bare one of the same NumPy, medians of those within a turn."""
    pairs = {"one warm case": BARE, "collect-only": BARE, EXAMPLE_RUN: EXAMPLE_BARE}
    return {
        name: statistics.median(turn[name] / turn[bare] for turn in measured)
        for name, bare in pairs.items()
    }


def main() -> None:
    """Prints medians of CPU time, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=15)
    adopt_orphans()
    measured = turns(parser.parse_args().repeat)
    for name in measured[0]:
        print(f"{name:32} {1e3 * statistics.median(turn[name] for turn in measured):6.1f} ms")
    for name, ratio in ratios(measured).items():
        print(f"{name:32} {ratio:6.2f} x the bare pytest with its NumPy")
    more = statistics.median(
        turn["plain tests, with it"] - turn["plain tests, without the plugin"] for turn in measured
    )
    print(f"plain tests, with the plugin     {1e3 * more:+6.1f} ms")


if __name__ == "__main__":
    main()
