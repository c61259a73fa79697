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

import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.cli import main
from pytest_a2a3sim.pictures.trace import write_trace
from tests.pictures.attention_like import AttentionLike

if TYPE_CHECKING:
    from pathlib import Path

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
    assert {(source, to) for to in shown for source in shown[to]["args"]["depends on"]} == edges
    begins = {each["id"]: each for each in of_wrong if each["ph"] == "s"}
    ends = {each["id"]: each for each in of_wrong if each["ph"] == "f"}

    def task_at(event: dict[str, Any]) -> int:
        (found,) = [
            task
            for task, each in shown.items()
            if each["tid"] == event["tid"]
            and nanoseconds(each["ts"])
            <= nanoseconds(event["ts"])
            < nanoseconds(each["ts"]) + nanoseconds(each["dur"])
        ]
        return found

    assert {(task_at(begins[name]), task_at(ends[name])) for name in begins} == edges


def test_arguments_are_told(of_wrong: list[dict[str, Any]]) -> None:
    shown = slices(of_wrong)
    given = {name: value for name, value in shown[36]["args"].items() if "argument" in name}
    assert given == {
        "argument 0": "x (buffer #0 + 36 bytes)",
        "argument 1": "buffer #3 + 36 bytes",
        "argument 2": 1,
    }
    assert shown[3]["args"]["argument 1"] == "out_y (buffer #1)"


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


def test_many_tasks_take_little_memory(tmp_path: Path) -> None:
    """The text of a task takes more than a kilobyte; what is in memory is numbers, and a chunk."""
    blocks = 10_000
    path = AttentionLike.create(tmp_path / "many", {"name": "many", "blocks": blocks}).path
    result = run_case(path, settings=Settings(records_arguments=True, orders="off"))
    tracemalloc.start()
    write_trace(tmp_path / "many.json.gz", result.recording, result.facts, "many")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200 * 4 * blocks + 20_000_000
    assert len(slices(events(tmp_path / "many.json.gz"))) == 4 * blocks
