"""Whether graphs get the same verdict every time: those with missing edges, and right ones.

    python benchmarks/verdicts.py [--runs N] [--right DIRECTORY]... [DIRECTORY]...

Every case of each directory runs N times in each of four ways: in one pytest session, with two
workers of xdist, with one thread, and from Python. Directories with missing edges (those that are
named, and four that the benchmark writes) must fail the same cases every time, and every report
must say that the outputs depend on the order; right ones (the examples, and those of --right) must
pass every time. Exits with 1 if one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from directories import missing_edges
from isolation import silence
from soak import Place

from pytest_a2a3sim.loading.golden import load_golden
from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    Verdict = tuple[str, str, str]  # case, kind of the failure or "", its message

    from pytest_a2a3sim.model.errors import A2A3SimError

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
WAYS = {"alone": (), "-n2": ("-n2",), "one thread": ("--sim-threads=1",)}
DEPENDS = "the outputs depend on the order of tasks that the graph does not order"
REPEATED = """

_once = globals().get("PARAMS_LIST") or [{{"name": DEFAULT_CASE, **ALL_CASES[DEFAULT_CASE]}}] \\
    if "PARAMS_LIST" in globals() or "ALL_CASES" in globals() else [{{"name": "default"}}]
PARAMS_LIST = [params for params in _once for _ in range({runs})]
"""


def in_pytest(place: Place, directory: Path, runs: int, *arguments: str) -> Iterator[Verdict]:
    """Verdicts of one session on a copy of the directory, whose cases are repeated."""
    copy = place.path / "copy" / directory.name
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory, copy)
    golden = copy / "golden.py"
    golden.write_text(golden.read_text() + REPEATED.format(runs=runs))
    report = place.path / "report.json"
    report.unlink(missing_ok=True)
    _, printed = place.run(f"--sim-json={report}", str(copy), *arguments)
    if not report.exists():
        sys.exit(printed[-2000:])
    for row in json.loads(report.read_text())["cases"]:
        name = re.sub(r"-\d+$", "", row["case"]) if runs > 1 else row["case"]
        failure = row["failure"]
        yield name, *(("", "") if failure is None else (failure["kind"], failure["message"]))


def from_python(directory: Path, runs: int) -> Iterator[Verdict]:
    """Verdicts of as many runs by the Python interface."""
    golden = load_golden(directory / "golden.py")
    with closing(Simulator(Settings(threads=usable_cpus()))) as simulator:
        for case in golden.cases:
            for _ in range(runs if case.runs_by_default else 0):
                with silence():
                    error: A2A3SimError | None = simulator.attempt(golden, case).error
                yield case.name, *(("", "") if error is None else (error.kind, str(error)))


def judge(place: Place, directory: Path, runs: int, *, right: bool) -> list[str]:
    """Prints how the cases of a directory end; what is wrong about that."""
    start = time.monotonic()
    verdicts = [
        verdict
        for arguments in WAYS.values()
        for verdict in in_pytest(place, directory, runs, *arguments)
    ]
    verdicts += from_python(directory, runs)
    by_case = defaultdict[str, Counter[str]](Counter)
    for name, kind, _ in verdicts:
        by_case[name][kind or "passed"] += 1
    name = f"{directory.parent.name}/{directory.name}"
    print(f"{name}: {len(verdicts)} runs in {time.monotonic() - start:.0f} s")
    for case, kinds in by_case.items():
        print(f"  {case:28} " + ", ".join(f"{count} {kind}" for kind, count in kinds.items()))
    failing = {name for name, kinds in by_case.items() if kinds.keys() - {"passed"}}
    wrong = {
        "a right case failed": right and bool(failing),
        "no case fails": not right and not failing,
        "a verdict varies": any("passed" in by_case[name] for name in failing),
        "a report says nothing of the order": any(
            kind and DEPENDS not in message for _, kind, message in verdicts
        ),
        "a case did not run every time": any(
            kinds.total() != (len(WAYS) + 1) * runs for kinds in by_case.values()
        ),
    }
    return [f"{directory}: {text}" for text, holds in wrong.items() if holds]


def main() -> None:
    """Judges every directory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--right", action="append", default=[], type=Path, metavar="DIRECTORY")
    parser.add_argument("directories", nargs="*", type=Path)
    options = parser.parse_args()
    print(f"{len(os.sched_getaffinity(0))} CPUs, load {os.getloadavg()[0]:.1f}")
    wrong = []
    with tempfile.TemporaryDirectory() as name:
        place = Place(Path(name))
        missing = [*options.directories, *missing_edges(place.path / "missing")]
        examples = sorted(golden.parent for golden in EXAMPLES.glob("*/golden.py"))
        for directories, right in ((missing, False), ([*examples, *options.right], True)):
            print("right" if right else "with missing edges")
            for directory in directories:
                wrong += judge(place, directory.resolve(), options.runs, right=right)
    print("\n".join(("", *wrong)) if wrong else "the same verdict every time")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
