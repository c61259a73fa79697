"""What JSON, JUnit, GitHub, the closing section and ``a2a3sim run`` say of sanitized cases."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.golden_dirs import GoldenDir
from tests.integration.outcomes import visible
from tests.integration.racing import EDGE, race
from tests.integration.test_json import comparable, documented_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

# How many accesses optimised code has is the compiler's choice.
CHECKED = (
    "checked (memcheck, racecheck){cases}: {tasks} tasks, * recorded accesses of {bytes} bytes, 0 "
    "bytes changed unseen, {findings}"
)


def has(lines: Sequence[str], pattern: str) -> bool:
    return any(fnmatch.fnmatchcase(line, pattern) for line in lines)


# Lines that say how a run went, or in which process.
OF_THE_RUN = re.compile(r"compiled|\d+\.\d+s|\[gw\d\]|Captured|artifacts|reproduce|xml file")
SANITIZE = ("--sim-sanitize=racecheck,memcheck",)
RACE = {
    "check": "racecheck",
    "kind": "RAW",
    "space": "GM",
    "tasks": [0, 1],
    "kernels": ["double", "add"],
    "sources": [
        {"file": "racy/kernels/double.cpp", "line": 6},
        {"file": "racy/kernels/add.cpp", "line": 6},
    ],
    "buffer": 1,
    "tensor": "out_y",
    "offset": 0,
    "bytes": 32,
    "submissions": [
        {"file": "racy/kernels/orchestration.cpp", "line": 16},
        {"file": "racy/kernels/orchestration.cpp", "line": 17},
    ],
    "mend": "add the edge: runtime->add_successor(0, 1);",
    "edge": [0, 1],
    "consequence": False,
    "count": 1,
    "instructions": [],
    "pipes": [],
    "stream": [],
    "witness": None,
}


class Run:
    """pytest's run of a racy and a clean directory, with every report switched on."""

    def __init__(self, path: Path, *arguments: str) -> None:
        self.path = path
        race(GoldenDir.create(path / "racy"))
        race(GoldenDir.create(path / "clean"), EDGE)
        (path / "pytest.ini").write_text("[pytest]\n")
        command = (sys.executable, "-m", "pytest", *SANITIZE, "--sim-json=report.json")
        done = subprocess.run(
            [*command, "--junitxml=junit.xml", "--sim-artifacts=kept", *arguments],
            cwd=path,
            env={
                **os.environ,
                "COLUMNS": "200",
                "GITHUB_ACTIONS": "true",
                "GITHUB_STEP_SUMMARY": str(path / "summary.md"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1, done.stdout + done.stderr
        self.lines = list(visible(done.stdout))

    @property
    def document(self) -> Any:
        return json.loads((self.path / "report.json").read_text())

    def sanitizer(self, directory: str) -> Any:
        (found,) = (
            case["sanitizer"]
            for case in self.document["cases"]
            if case["golden"] == f"{directory}/golden.py"
        )
        return found

    def properties(self, directory: str) -> dict[str, str]:
        (case,) = (
            case
            for case in ET.parse(self.path / "junit.xml").iter("testcase")
            if case.attrib["classname"].startswith(directory)
        )
        return {each.attrib["name"]: each.attrib["value"] for each in case.iter("property")}


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("serial"))


@pytest.fixture(scope="module")
def parallel(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(tmp_path_factory.mktemp("parallel"), "-n2")


@pytest.fixture(params=["serial", "parallel"])
def run(request: pytest.FixtureRequest) -> Run:
    chosen: Run = request.getfixturevalue(request.param)
    return chosen


def test_json(run: Run) -> None:
    jsonschema.validate(run.document, documented_schema())
    racy, clean = run.sanitizer("racy"), run.sanitizer("clean")
    assert racy["findings"] == [RACE]
    assert clean["findings"] == []
    counts = {
        "checks": ["memcheck", "racecheck"],
        "tasks": 2,
        "accesses": 40,
        "bytes": 128,
        "blind_bytes": 0,
        "instructions": 0,
        "undecided": 0,
        "exchanging": 0,
        "suppressed": 0,
    }
    assert {name: racy[name] for name in counts} == counts
    assert 0 < clean["accesses"] <= racy["accesses"]
    assert clean == racy | {"accesses": clean["accesses"], "findings": [], "total": 0}
    assert racy["total"] == 1
    sums = run.document["totals"]["sanitizer"]
    assert (sums["cases"], sums["tasks"], sums["bytes"], sums["findings"]) == (2, 4, 256, 1)


def test_xdist_changes_nothing(serial: Run, parallel: Run) -> None:
    assert comparable(parallel.document, parallel.path) == comparable(serial.document, serial.path)
    assert report_of(parallel) == report_of(serial)


def report_of(run: Run) -> list[str]:
    """What the terminal shows of failures, and the closing section, without the directory."""
    first = next(i for i, line in enumerate(run.lines) if "= FAILURES =" in line)
    shown = [line.replace(str(run.path), "") for line in run.lines[first:]]
    return [
        line
        for line in shown
        if line
        and not re.search(
            r"compiled|\d+\.\d+s|\[gw\d\]|Captured|artifacts|reproduce|xml file", line
        )
    ]


def test_junit(run: Run) -> None:
    found = run.properties("racy")
    assert found["a2a3sim.sanitizer.checks"] == "memcheck, racecheck"
    assert found["a2a3sim.sanitizer.tasks"] == "2"
    assert found["a2a3sim.sanitizer.accesses"] == "40"
    assert found["a2a3sim.sanitizer.bytes"] == "128"
    assert found["a2a3sim.sanitizer.blind_bytes"] == "0"
    assert found["a2a3sim.sanitizer.total"] == "1"
    assert found["a2a3sim.failure.kind"] == "sanitizer"
    assert run.properties("clean")["a2a3sim.sanitizer.total"] == "0"


def test_annotations_stand_at_the_kernels_lines(run: Run) -> None:
    text = (
        "racecheck RAW: task 0 (double) and task 1 (add), 32 bytes of out_y (device buffer #1, "
        "from byte 0 on)%0Aadd the edge: runtime->add_successor(0, 1);"
    )
    assert [line for line in run.lines if line.startswith("::error")] == [
        f"::error file=racy/kernels/{kernel}.cpp,line=6,"
        f"title=sanitizer%3A racy/golden.py%3A%3Adefault::{text}"
        for kernel in ("double", "add")
    ]


def test_summary_of_github(run: Run) -> None:
    summary = (run.path / "summary.md").read_text(encoding="utf-8")
    where = "racecheck RAW: task 0 (double) and task 1 (add)"
    assert f"| `racy/golden.py::default` | sanitizer | {where} |" in summary
    assert "checked (memcheck, racecheck) in 2 cases: 4 tasks, " in summary


def test_closing_section(run: Run) -> None:
    line = CHECKED.format(cases=" in 2 cases", tasks=4, bytes=256, findings="1 finding")
    assert has(run.lines, line)


def test_artifacts_run_it_again_under_the_sanitizer(serial: Run) -> None:
    (script,) = serial.path.glob("kept/*/reproduce.py")
    done = subprocess.run(
        [sys.executable, script], cwd=serial.path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "racecheck: RAW race of task 0 (double) and task 1 (add)" in done.stdout


def test_closing_section_when_everything_passes(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler, EDGE)
    pytester.makeini("[pytest]\n")
    result = pytester.runpytest_subprocess("--sim-sanitize=racecheck", *plugin_args)
    result.assert_outcomes(passed=1)
    shown = " ".join(result.stdout.str().split())
    assert "checked (racecheck) in 1 case: 2 tasks, " in shown
    assert " recorded accesses of 128 bytes, 0 bytes changed unseen, 0 findings" in shown


@pytest.mark.usefixtures("doubler")
def test_no_line_without_sanitized_cases(pytester: pytest.Pytester) -> None:
    pytester.runpytest_subprocess().stdout.no_fnmatch_line("*checked*")


@pytest.fixture
def command(golden_dir: GoldenDir) -> Callable[..., subprocess.CompletedProcess[str]]:
    """``a2a3sim run``."""

    def run_with(*options: str) -> subprocess.CompletedProcess[str]:
        kernels = golden_dir.path / "kernels"
        arguments = ("run", "-k", str(kernels), "-g", str(golden_dir.golden_py), *options)
        return subprocess.run(
            [sys.executable, "-m", "pytest_a2a3sim.cli", *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    return run_with


def test_command_prints_findings(
    golden_dir: GoldenDir, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    race(golden_dir)
    done = command("--sanitize=memcheck,racecheck")
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert "case 'default': sanitizer: the sanitizer has 1 finding: 1 racecheck RAW" in lines
    assert "  add the edge: runtime->add_successor(0, 1);" in lines
    assert lines.count("  out_y: PASS (8/8 elements matched)") == 1
    line = CHECKED.format(cases="", tasks=2, bytes=128, findings="1 finding")
    assert has(lines, line)


def test_command_says_what_was_checked(
    golden_dir: GoldenDir, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    race(golden_dir, EDGE)
    golden_dir.extend_golden(
        "import pytest\npytestmark = pytest.mark.sim_sanitize('memcheck', 'racecheck')"
    )
    done = command()
    assert done.returncode == 0
    line = CHECKED.format(cases="", tasks=2, bytes=128, findings="0 findings")
    assert has(done.stdout.splitlines(), line)
