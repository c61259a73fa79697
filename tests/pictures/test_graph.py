"""``a2a3sim graph``, and the graphs of GitHub's summary."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.cli import main
from tests.pictures.attention_like import AttentionLike
from tests.pictures.conftest import run_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pictures.conftest import Pictured

SVG = "{http://www.w3.org/2000/svg}"
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="no dot on PATH")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graphs of 8 and of 400 tasks, and one with a race."""
    path = tmp_path_factory.mktemp("drawn") / "attention"
    cases = (
        {"name": "small", "blocks": 2},
        {"name": "large", "blocks": 100},
        {"name": "race", "mode": "race", "blocks": 32},
    )
    return AttentionLike.create(path, *cases).path


def draw(directory: Path, file: Path, *arguments: str) -> str:
    command = ["graph", "-k", str(directory / "kernels"), "-g", str(directory / "golden.py")]
    assert main([*command, "-o", str(file), *arguments]) == 0
    return file.read_text(encoding="utf-8")


def test_json_has_the_graph_before_and_after_folding(directory: Path, tmp_path: Path) -> None:
    text = draw(directory, tmp_path / "new" / "g.json", "-c", "large")
    found: dict[str, Any] = json.loads(text)
    assert len(found["tasks"]) == 400
    edges = {(edge["from"], edge["to"]) for edge in found["edges"]}
    assert edges == {
        *((4 * b + k, 4 * b + k + 1) for b in range(100) for k in range(3)),
        *((4 * b + 3, 4 * b + 7) for b in range(99)),
    }
    assert [task["layer"] for task in found["tasks"][8:12]] == [0, 1, 2, 5]
    critical = [task["id"] for task in found["tasks"] if task["critical"]]
    assert set(itertools.pairwise(critical)) <= edges
    drawn = found["drawn"]
    names = {kernel["func_id"]: kernel["name"] for kernel in found["kernels"]}
    assert drawn["folded_by"] == "kernel"
    assert [(names[node["func_id"]], node["tasks"]) for node in drawn["nodes"]] == [
        *(("QK", 100), ("SF", 100), ("PV", 100), ("UP", 100)),
    ]
    links = {(link["from"], link["to"]): link["count"] for link in drawn["links"]}
    assert links == {(0, 1): 100, (1, 2): 100, (2, 3): 100, (3, 3): 99}
    total = sum(task["seconds"] for task in found["tasks"])
    assert sum(node["seconds"] for node in drawn["nodes"]) == pytest.approx(total)


@pytest.mark.parametrize(
    ("arguments", "nodes", "headline"),
    [
        (("-c", "small"), 8, "attention: small: 8 tasks, 7 edges"),
        (("-c", "large", "--fold=none"), 400, "attention: large: 400 tasks, 399 edges"),
        (("-c", "large", "--fold=layer"), 103, "folded by kernel and layer"),
        (("-c", "large"), 4, "folded by kernel"),
        (("-c", "race"), 36, "folded by kernel and layer"),
    ],
)
def test_folding(
    directory: Path, tmp_path: Path, arguments: tuple[str, ...], nodes: int, headline: str
) -> None:
    text = draw(directory, tmp_path / "g.mmd", *arguments)
    assert len(re.findall(r"^  n\d+\[", text, re.MULTILINE)) == nodes
    assert headline in text.splitlines()[0]
    assert text.splitlines()[1] == "flowchart TD"


@needs_graphviz
def test_svg_has_every_task_and_edge(directory: Path, tmp_path: Path) -> None:
    tree = ET.fromstring(draw(directory, tmp_path / "g.svg", "-c", "small"))
    titles = [
        (group.get("class"), group.findtext(f"{SVG}title"))
        for group in tree.iter(f"{SVG}g")
        if group.get("class") in ("node", "edge")
    ]
    assert sum(kind == "node" for kind, _ in titles) == 8
    assert {name for kind, name in titles if kind == "edge"} == {
        *("n0->n1", "n1->n2", "n2->n3", "n3->n7", "n4->n5", "n5->n6", "n6->n7"),
    }
    texts = {text.text for text in tree.iter(f"{SVG}text")}
    assert {"QK", "task 4", "attention: small: 8 tasks, 7 edges"} <= texts


@needs_graphviz
def test_png_and_dot(directory: Path, tmp_path: Path) -> None:
    dot = tmp_path / "g.dot"
    draw(directory, dot, "-c", "large")
    assert main(["graph", str(directory), "-c", "large", "-o", str(tmp_path / "g.png")]) == 0
    assert (tmp_path / "g.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    checked = subprocess.run(["dot", "-Tcanon", dot], capture_output=True, text=True, check=True)
    assert 'label="QK x100\\nfrom task 0 on"' in checked.stdout


def test_races_are_red_and_dashed(directory: Path, tmp_path: Path) -> None:
    arguments = ("-c", "race", "--fold=none", "--sanitize=racecheck")
    dot = draw(directory, tmp_path / "g.dot", *arguments)
    (race,) = [line for line in dot.splitlines() if "dashed" in line]
    assert race.startswith("  n5 -> n6 [")  # SF and PV of the second block
    assert 'color="#d62728"' in race
    mermaid = draw(directory, tmp_path / "g.mmd", *arguments)
    assert '  n5 -.->|"race"| n6' in mermaid
    assert json.loads(draw(directory, tmp_path / "g.json", *arguments))["races"] == [[5, 6]]


def test_a_schedule_colours_by_time(directory: Path, tmp_path: Path) -> None:
    plain = draw(directory, tmp_path / "g.dot", "-c", "small")
    assert " us" not in plain
    timed = draw(directory, tmp_path / "g.dot", "-c", "small", "--schedule=fifo")
    assert "coloured by time, orange for" in timed
    nodes = [line for line in timed.splitlines() if "task " in line and "fillcolor" in line]
    assert len(nodes) == 8
    assert all(re.search(r"\\n[\d.]+ [um]?s\"", line) for line in nodes)
    assert 'fillcolor="#f07c1e"' in timed  # the slowest


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "g.gif"), "--output must end with one of .svg, .png, .dot, .mmd, .json; got"),
        (
            ("-o", "golden.py/g.dot"),
            "the graph cannot be written: File exists; name another file\n  ",
        ),
        (("-o", "g.dot", "-c", "none"), "none"),
    ],
)
def test_bad_arguments(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    monkeypatch.chdir(directory)
    assert main(["graph", ".", *arguments]) == 1
    assert message in capfd.readouterr().err


def test_without_graphviz(
    directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["graph", str(directory), "-o", str(tmp_path / "g.svg")]) == 1
    assert "whose program `dot` is not on PATH: install graphviz, or" in capfd.readouterr().err


@needs_graphviz
def test_graphs_that_are_too_large_to_draw(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = AttentionLike.create(tmp_path / "many", {"name": "many", "blocks": 2000}).path
    file = tmp_path / "g.svg"
    assert main(["graph", str(path), "-o", str(file), "--fold=none"]) == 1
    message = "8,000 nodes are more than Graphviz draws in useful time (at most 5,000); fold them"
    assert message in capfd.readouterr().err
    assert main(["graph", str(path), "-o", str(file)]) == 0


def test_summary_of_github(pictured: Pictured) -> None:
    """Equal graphs are shown once; the cases of the run have different ones."""
    text = (pictured.path / "summary.md").read_text(encoding="utf-8")
    graphs = re.findall(r"<summary>([^<]*)</summary>\n\n```mermaid\n(.*?)```", text, re.DOTALL)
    by_case = dict(graphs)
    assert set(by_case) == {"attention/golden.py::good", "attention/golden.py::wrong"}
    assert '  n0["QK x40<br/>from task 0 on"]' in by_case["attention/golden.py::wrong"]


def test_equal_graphs_of_a_summary(tmp_path: Path) -> None:
    cases = ({"name": "a", "blocks": 32}, {"name": "b", "blocks": 32})
    AttentionLike.create(tmp_path / "twice", *cases)
    done = run_pytest(tmp_path, summary=tmp_path / "summary.md")
    assert "2 passed" in done.stdout
    text = (tmp_path / "summary.md").read_text(encoding="utf-8")
    assert text.count("```mermaid") == 1
    assert "<summary>twice/golden.py::a, twice/golden.py::b</summary>" in text
