"""Random edits of a repository of 60 cases: what runs is just what a change can affect.

    python -m tests.affected.oracle ROUNDS [SEED]

Each round edits the repository, runs ``pytest --sim-affected`` in it and compares the cases that
ran with those of which something has changed, as the repository itself knows it. Every few rounds
all cases run: they must fail where those fail that were selected, and nowhere else.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, OrderedDict, defaultdict
from pathlib import Path

from pytest_a2a3sim.building.store.passes import MOST_PASSES
from tests.affected.edits import EDITS
from tests.affected.repository import DIRECTORIES, VARIABLE, Repository

_WRAPPER = '#!/bin/sh\n# {name}\nexec g++ "$@"\n'


class Oracle:
    """Knows which states of each case have passed."""

    def __init__(self, directory: Path, seed: int, directories: int = DIRECTORIES) -> None:
        self.repo = Repository.create(directory / "repository", directories)
        for name in ("one", "two"):
            self.repo.write(f"compilers/{name}", _WRAPPER.format(name=name))
            (self.repo.root / "compilers" / name).chmod(0o755)
        self.chance = random.Random(seed)
        self.cache = directory / "cache"
        self.failing: set[str] = set()
        self.counts: Counter[str] = Counter()
        self.printed = ""
        self._passed: dict[str, OrderedDict[str, None]] = defaultdict(OrderedDict)

    def round(self, *arguments: str) -> str:
        """Edits, runs and compares; says what is wrong, or nothing."""
        edited = [self._edit() for _ in range(self.chance.choice([1, 1, 1, 2]))]
        return self.check(", ".join(edited), *arguments)

    def check(self, edited: str, *arguments: str) -> str:
        states = {nodeid: self.repo.state(nodeid) for nodeid in self.repo.nodeids()}
        expected = {nodeid for nodeid in states if states[nodeid] not in self._passed[nodeid]}
        outcomes = self.run("--sim-affected=explain", *arguments)
        self.counts["cases"] += len(outcomes)
        self.counts["kept"] += len(states) - len(outcomes)
        for nodeid, state in states.items():
            if outcomes.get(nodeid, "passed") == "passed":
                self._note(nodeid, state)
        self.failing = {nodeid for nodeid in outcomes if outcomes[nodeid] != "passed"}
        if outcomes.keys() != expected:
            missed, extra = sorted(expected - outcomes.keys()), sorted(outcomes.keys() - expected)
            return (
                f"after {edited}: missed {missed[:5]}, ran for nothing {extra[:5]}\n{self.printed}"
            )
        return ""

    def check_all(self) -> str:
        """Runs every case: what was left out must pass."""
        failing = self.failures()
        self.counts["breakages"] += bool(failing)
        if failing == self.failing:
            return ""
        return f"fail: {sorted(failing)}, but of the selected: {sorted(self.failing)}"

    def failures(self) -> set[str]:
        """Those of all cases that fail."""
        outcomes = self.run("--sim-affected=off")
        assert outcomes.keys() == set(self.repo.nodeids())
        return {nodeid for nodeid in outcomes if outcomes[nodeid] != "passed"}

    def environment(self) -> dict[str, str]:
        """That of pytest."""
        compiler = self.repo.compiler and str(self.repo.root / self.repo.compiler)
        variables = {VARIABLE: self.repo.variable} if self.repo.variable else {}
        own = {"A2A3SIM_CACHE_DIR": str(self.cache), "CXX": compiler}
        return {**os.environ, **own, **variables, "PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *arguments: str) -> dict[str, str]:
        """Runs pytest; returns outcomes by node id."""
        report = self.repo.root.parent / "report.json"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=no"]
        done = subprocess.run(
            [*command, f"--sim-json={report}", *self.repo.options, *arguments],
            cwd=self.repo.root,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        self.printed = done.stdout + done.stderr
        assert done.returncode in {0, 1}, self.printed
        cases = json.loads(report.read_text())["cases"]
        return {case["nodeid"]: case["outcome"] for case in cases}

    def _edit(self) -> str:
        edit = self.chance.choice(EDITS)
        self.counts[f"edit {edit.__name__}"] += 1
        return edit(self.repo, self.chance)

    def _note(self, nodeid: str, state: str) -> None:
        passed = self._passed[nodeid]
        passed[state] = None
        passed.move_to_end(state)
        while len(passed) > MOST_PASSES:
            passed.popitem(last=False)


def main(rounds: int, seed: int) -> None:
    """Runs the rounds; exits with 1 at the first that is wrong."""
    with tempfile.TemporaryDirectory() as directory:
        oracle = Oracle(Path(directory), seed)
        for number in range(rounds):
            wrong = oracle.round(*(("-n2",) if number % 10 == 9 else ()))
            if not wrong and (number % 4 == 3 or oracle.failing):
                wrong = oracle.check_all()
            if wrong:
                sys.exit(f"round {number} of seed {seed}: {wrong}")
            if number % 10 == 9:
                print(number + 1, "rounds are right", flush=True)  # noqa: T201 - a command
        print(rounds, "rounds are right:", dict(sorted(oracle.counts.items())))  # noqa: T201 - a command


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0)
