"""Runs that are killed, four at a time: no pass is kept of a case that did not pass.

    python -m tests.affected.killed ROUNDS [SEED]

In each round four runs of ``pytest --sim-affected`` share a cache at the same time, and each is
killed at a random moment of its own, while cases of the repository fail: those never may be left
out afterwards. Then a run that is not killed selects every case that fails, and when all is mended
and has passed, nothing runs again.
"""

from __future__ import annotations

import contextlib
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
LONGEST = 12.0  # seconds; beside other work four runs take as long


def _start(oracle: Oracle, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--sim-affected"]
    return subprocess.Popen(
        [*command, *arguments],
        cwd=oracle.repo.root,
        env=oracle.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _killed(oracle: Oracle, chance: random.Random, longest: float) -> int:
    """Starts the runs at once and kills each at a moment of its own; says how many had not ended.

    One of them has two xdist workers.
    """
    moments = sorted((chance.uniform(0, longest), number) for number in range(RUNS))
    begun = time.monotonic()
    runs = [_start(oracle, *(("-n2",) if number == 0 else ())) for number in range(RUNS)]
    living = 0
    for moment, number in moments:
        time.sleep(max(0.0, begun + moment - time.monotonic()))
        living += runs[number].poll() is None
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.killpg(runs[number].pid, signal.SIGKILL)
    for run in runs:
        run.wait()
    return living


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
    oracle.counts["killed"] += _killed(oracle, chance, longest)
    failing = oracle.failures()
    selected = oracle.run("--sim-affected")
    oracle.counts["failing"] += len(failing)
    oracle.counts["selected"] += len(selected)
    if missed := failing - selected.keys():
        return f"{name} breaks {sorted(missed)[:5]}, which are left out\n{oracle.printed}"
    path.write_text(sound)
    mended = oracle.run("--sim-affected")
    again = oracle.run("--sim-affected=explain")
    if again:
        outcomes = {nodeid: mended.get(nodeid, "left out") for nodeid in again}
        return f"{name} is mended, and cases run again: {outcomes}\n{oracle.printed}"
    return ""


def main(rounds: int, seed: int) -> None:
    """Runs the rounds; exits with 1 at the first that is wrong."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        oracle = Oracle(Path(directory), seed)
        oracle.run("--sim-affected")
        for number in range(rounds):
            if wrong := round_of(oracle, chance, LONGEST):
                sys.exit(f"round {number} of seed {seed}: {wrong}")
            if number % 10 == 9:
                print(number + 1, "rounds are right", dict(oracle.counts), flush=True)  # noqa: T201 - a command
        print(rounds, "rounds of", RUNS, "runs are right:", dict(oracle.counts))  # noqa: T201 - a command


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
