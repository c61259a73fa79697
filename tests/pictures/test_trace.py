"""--sim-trace: what the Trace Event files say, event by event."""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import sys
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.cli import main
from pytest_a2a3sim.pictures.counters import MOST_STEPS
from pytest_a2a3sim.pictures.trace import write_trace
from tests.pictures.attention_like import AttentionLike
from tests.pictures.conftest import run_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim import CaseResult
    from tests.pictures.conftest import Pictured

TASKS = 160  # of the case "wrong"


def events(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    return found


def nanoseconds(microseconds: float) -> int:
    return round(microseconds * 1000)


@pytest.fixture(scope="module")
def of_wrong(pictured: Pictured) -> list[dict[str, Any]]:
    return events(pictured.trace("wrong"))


def slices(found: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    return {each["args"]["task"]: each for each in found if each.get("cat") == "task"}


def graph_start(found: list[dict[str, Any]]) -> int:
    (execute,) = [each for each in found if each["name"] == "execute"]
    return nanoseconds(execute["ts"])


def test_a_trace_for_each_case_that_ran_to_its_end(pictured: Pictured) -> None:
    assert len(list((pictured.path / "traces").iterdir())) == 2
    kept = pictured.kept("wrong").path / "trace.json.gz"
    assert kept.read_bytes() == pictured.trace("wrong").read_bytes()


def test_slices_are_the_recorded_tasks(pictured: Pictured, of_wrong: list[dict[str, Any]]) -> None:
    tracks = {
        each["tid"]: each["args"]["name"]
        for each in of_wrong
        if each["name"] == "thread_name" and each["pid"] == 1
    }
    shown = slices(of_wrong)
    assert sorted(shown) == list(range(TASKS))
    for task, row in enumerate(pictured.kept("wrong").timeline):
        slice_ = shown[task]
        start, end = (round(float(row[name]) * 1e9) for name in ("start", "end"))
        assert nanoseconds(slice_["ts"]) - graph_start(of_wrong) == start
        assert nanoseconds(slice_["dur"]) == end - start
        assert tracks[slice_["tid"]] == f"{('AIC', 'AIV')[row['core_type']]} {row['core_id']}"
        assert slice_["name"] == ("QK", "SF", "PV", "UP")[task % 4]


def test_arrows_are_the_edges(pictured: Pictured, of_wrong: list[dict[str, Any]]) -> None:
    shown = slices(of_wrong)
    edges = pictured.kept("wrong").edges()
    assert {(task, to) for task in shown for to in shown[task]["args"]["successors"]} == edges
    begins = {each["id"]: each for each in of_wrong if each["ph"] == "s"}
    ends = {each["id"]: each for each in of_wrong if each["ph"] == "f"}

    def tasks_at(event: dict[str, Any]) -> list[int]:
        """More than one where tasks begin and end within one tick of a coarse clock."""
        return [
            task
            for task, each in shown.items()
            if each["tid"] == event["tid"]
            and nanoseconds(each["ts"])
            <= nanoseconds(event["ts"])
            < nanoseconds(each["ts"]) + max(nanoseconds(each["dur"]), 1)
        ]

    arrows = [
        edges & set(itertools.product(tasks_at(begins[name]), tasks_at(ends[name])))
        for name in begins
    ]
    assert len(arrows) == len(edges)
    assert all(arrows)
    assert set().union(*arrows) == edges


def test_arrows_are_within_slices(of_many: tuple[CaseResult, list[dict[str, Any]]]) -> None:
    """At the time at which one slice ends and the next starts, viewers take either."""
    _, found = of_many
    bounds: dict[int, set[int]] = {}
    for each in slices(found).values():
        start, took = nanoseconds(each["ts"]), nanoseconds(each["dur"])
        if took > 1:
            bounds.setdefault(each["tid"], set()).update((start, start + took))
    arrows = [each for each in found if each["ph"] in "sf"]
    assert arrows
    assert not [each for each in arrows if nanoseconds(each["ts"]) in bounds.get(each["tid"], ())]


def test_arguments_are_told(of_wrong: list[dict[str, Any]]) -> None:
    shown = slices(of_wrong)
    assert shown[36]["args"]["arguments"] == ["x (buffer #0 + 36 bytes)", "buffer #3 + 36 bytes", 1]
    assert shown[3]["args"]["arguments"][1] == "out_y (buffer #1)"


def test_counters(of_wrong: list[dict[str, Any]]) -> None:
    counters: dict[str, list[int]] = {}
    for each in of_wrong:
        if each["ph"] == "C":
            counters.setdefault(each["name"], []).extend(each["args"].values())
    assert set(counters) == {"ready AIC", "ready AIV", "device memory"}
    assert counters["ready AIC"][0] == 40  # every QK
    assert counters["ready AIC"][-1] == counters["ready AIV"][-1] == 0
    steps = 3 * 40 * 4
    assert counters["device memory"][-1] == 2 * 128 + steps
    assert max(counters["device memory"]) == 2 * 128 + 4096


def test_phases_are_another_process(of_wrong: list[dict[str, Any]]) -> None:
    phases = {each["name"]: each for each in of_wrong if each.get("cat") == "phase"}
    assert {each["pid"] for each in phases.values()} == {2}
    assert {"build", "inputs", "golden", "compare"} <= set(phases)
    engine = [phases[name] for name in ("start", "load", "orchestrate", "check", "execute")]
    for before, after in itertools.pairwise(engine):
        gap = nanoseconds(after["ts"]) - nanoseconds(before["ts"]) - nanoseconds(before["dur"])
        assert abs(gap) <= 1


def test_command_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = AttentionLike.create(tmp_path / "one", {"name": "one", "blocks": 32}).path
    assert main(["run", str(path), "--trace", str(tmp_path / "new" / "traces")]) == 0
    (trace,) = (tmp_path / "new" / "traces").iterdir()
    assert f"trace: {trace}" in capfd.readouterr().out
    assert Counter(each["ph"] for each in events(trace))["s"] == 127
    (tmp_path / "file").write_text("")
    assert main(["run", str(path), "--trace", str(tmp_path / "file")]) == 1
    printed = capfd.readouterr()
    assert "cannot be written" in printed.err
    assert "name another directory" in printed.err


def test_cases_that_ordinary_tests_run(tmp_path: Path) -> None:
    AttentionLike.create(tmp_path / "attention", {"name": "one", "blocks": 32})
    (tmp_path / "test_it.py").write_text(
        "def test_it(a2a3sim):\n"
        "    for options in ({}, {'threads': 1}):\n"
        "        a2a3sim.run_case('attention', settings=options).check()\n"
    )
    assert "2 passed" in run_pytest(tmp_path, "--sim-trace=traces").stdout
    names = sorted(path.name for path in (tmp_path / "traces").iterdir())
    assert [name.rpartition("-")[0] for name in names] == [
        "attention-one",
        "test_it.py_test_it_attention_one",
    ]
    assert len(slices(events(tmp_path / "traces" / names[1]))) == 128


def test_without_the_option_nothing_is_imported(tmp_path: Path) -> None:
    AttentionLike.create(tmp_path / "one", {"name": "one", "blocks": 32})
    script = (
        "import sys, pytest; status = pytest.main(['-q', '-p', 'no:cacheprovider']);"
        "print('imported', [name for name in sys.modules if name.startswith(('bokeh',"
        " 'pytest_a2a3sim.pictures'))]); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "imported []" in done.stdout


BLOCKS = 20_000
MOST_MEMORY = 16_000_000  # bytes


@pytest.fixture(scope="module")
def of_many(tmp_path_factory: pytest.TempPathFactory) -> tuple[CaseResult, list[dict[str, Any]]]:
    """A graph with more changes than a counter has steps, written in little memory."""
    path = tmp_path_factory.mktemp("many")
    directory = AttentionLike.create(path / "many", {"name": "many", "blocks": BLOCKS}).path
    result = run_case(directory, settings=Settings(records_arguments=True, orders="off"))
    trace = path / "many.json.gz"
    tracemalloc.start()
    write_trace(trace, result.recording, result.facts, "many")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST_MEMORY
    text = gzip.decompress(trace.read_bytes())
    assert len(text) > 2 * MOST_MEMORY
    return result, json.loads(text)["traceEvents"]


def test_many_tasks(of_many: tuple[CaseResult, list[dict[str, Any]]]) -> None:
    result, found = of_many
    assert len(slices(found)) == result.graph.tasks == 4 * BLOCKS
    assert sum(each["ph"] == "s" for each in found) == result.graph.edges


@pytest.mark.parametrize("core_type", ["AIC", "AIV"])
def test_counters_of_many_tasks(
    of_many: tuple[CaseResult, list[dict[str, Any]]], core_type: str
) -> None:
    """They have fewer steps than there are changes; each is right at its time."""
    result, found = of_many
    recording, start = result.recording, graph_start(found)
    ready = np.zeros(recording.tasks)
    sources = np.repeat(np.arange(recording.tasks), np.diff(recording.first_successor))
    np.maximum.at(ready, recording.successors, recording.timeline["end"][sources])
    started = recording.timeline["start"]
    of_type = recording.timeline["core_type"] == ("AIC", "AIV").index(core_type)
    up, down = (
        np.sort(np.rint(seconds[of_type] * 1e9).astype(np.int64) + start)
        for seconds in (np.minimum(ready, started), started)
    )
    shown = [
        (nanoseconds(each["ts"]), each["args"]["tasks"])
        for each in found
        if each["name"] == f"ready {core_type}"
    ]
    times, values = np.array(shown).T
    assert times.size <= MOST_STEPS < up.size + down.size
    assert core_type == "AIV" or values.max() > BLOCKS // 2  # QK waits for nobody
    assert (np.diff(times) > 0).all()
    at = [np.searchsorted(changes, times, side="right") for changes in (up, down)]
    assert (values == at[0] - at[1]).all()
    assert values[-1] == 0
