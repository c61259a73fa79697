"""Runs that are killed, four at a time: no pass is kept of a case that did not pass.

    python -m tests.affected.killed ROUNDS [SEED]

In each round four runs of ``pytest --sim-affected`` share a cache and are killed at random moments,
while cases of the repository fail: those never may be left out afterwards. Then a run that is not
killed selects every case that fails, and of the others those that have not passed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.affected.edits import BREAKABLE, breakable
from tests.affected.oracle import Oracle

RUNS = 4


def _start(oracle: Oracle) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--sim-affected"]
    return subprocess.Popen(
        command,
        cwd=oracle.repo.root,
        env=oracle.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def round_of(oracle: Oracle, chance: random.Random, longest: float) -> str:
    """One round; says what is wrong, or nothing.

    Args:
        oracle: of the repository.
        chance: when to kill, and what to break.
        longest: seconds after which a run is killed at the latest.
    """
    name = chance.choice(breakable(oracle.repo))
    path = oracle.repo.root / name
    sound = path.read_text() + f"\n{'#' if name.endswith('.py') else '//'} {chance.random()}\n"
    path.write_text(sound.replace(*BREAKABLE[name]))  # broken, and in a state that is new
    runs = [_start(oracle) for _ in range(RUNS)]
    for run in runs:
        time.sleep(chance.uniform(0, longest / RUNS))
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    failing = oracle.failures()
    selected = oracle.run("--sim-affected")
    if missed := failing - selected.keys():
        return f"{name} breaks {sorted(missed)[:5]}, which are left out\n{oracle.printed}"
    path.write_text(sound)
    oracle.run("--sim-affected")
    again = oracle.run("--sim-affected")
    return f"{name} is mended, and {sorted(again)[:5]} run again" if again else ""


def main(rounds: int, seed: int) -> None:
    """Runs the rounds; exits with 1 at the first that is wrong."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        oracle = Oracle(Path(directory), seed)
        oracle.run("--sim-affected")
        for number in range(rounds):
            if wrong := round_of(oracle, chance, 6.0):
                sys.exit(f"round {number} of seed {seed}: {wrong}")
            if number % 10 == 9:
                print(number + 1, "rounds are right", flush=True)  # noqa: T201 - a command
        print(rounds, "rounds of", RUNS, "killed runs are right")  # noqa: T201 - a command


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
