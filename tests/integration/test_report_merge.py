"""``a2a3sim report merge``: one report of the parts of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

import pytest_a2a3sim
from pytest_a2a3sim.cli import main

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

SCHEMA = Path(pytest_a2a3sim.__file__).parent / "reporting" / "report.schema.json"


@pytest.fixture
def parts(pytester: pytest.Pytester, doubler: GoldenDir) -> Path:
    """The directory of the reports of two parts and of the whole: a case passes, another fails."""
    doubler.extend_golden(
        """
        PARAMS_LIST = [{"factor": 2}, {"factor": 3}]
        def compute_golden(tensors, params):
            tensors["out_y"][:] = params["factor"] * tensors["x"]
        """
    )
    for name, selected in (("one", "::factor=2"), ("two", "::factor=3"), ("all", "")):
        kinds = (("sim-json", "json"), ("junit-xml", "xml"), ("sim-html", "html"))
        reports = [f"--{option}={name}.{suffix}" for option, suffix in kinds]
        pytester.runpytest(*reports, f"doubler/golden.py{selected}")
    return pytester.path


def loaded(path: Path) -> Any:
    return json.loads(path.read_text())


def test_json(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "merge", "one.json", "two.json", "-o", "out/merged.json"]) == 0
    assert capsys.readouterr().out == "out/merged.json: 2 cases of 2 reports\n"
    merged, one, two, whole = (
        loaded(parts / f"{name}.json") for name in ("out/merged", "one", "two", "all")
    )
    jsonschema.validate(merged, loaded(SCHEMA))
    assert merged["cases"] == [*one["cases"], *two["cases"]]
    counts = ("cases", "passed", "failed", "tensors", "elements", "tasks")
    assert [merged["totals"][name] for name in counts] == [whole["totals"][name] for name in counts]
    assert (merged["exit_status"], merged["started"]) == (1, one["started"])
    assert merged["seconds"] == two["started"] + two["seconds"] - one["started"]


def test_part_without_tests_decides_nothing(parts: Path, pytester: pytest.Pytester) -> None:
    assert pytester.runpytest("--sim-json=none.json", "-k", "nothing").ret == 5
    assert main(["report", "merge", "one.json", "none.json", "-o", "merged.json"]) == 0
    assert loaded(parts / "merged.json")["exit_status"] == 0


def test_junit(parts: Path) -> None:
    assert main(["report", "merge", "one.xml", "two.xml", "-o", "merged.xml"]) == 0
    suites = ET.parse(parts / "merged.xml").getroot()
    assert [suite.get("tests") for suite in suites] == ["1", "1"]
    names = [case.get("name") for case in suites.iter("testcase")]
    assert names == ["factor=2", "factor=3"]
    assert len(list(suites.iter("failure"))) == 1


def shown(path: Path) -> dict[str, Any]:
    """The data of a page, by the id of its element."""
    found = re.findall(r'type="application/json" id="([\w-]+)">(.*)</script>', path.read_text())
    return {name: json.loads(text) for name, text in found}


def without_data(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if "application/json" not in line]


def test_html(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "merge", "two.html", "one.html", "-o", "merged.html"]) == 0
    assert capsys.readouterr().out == "merged.html: 2 cases of 2 reports\n"
    merged, one, two, whole = (
        shown(parts / f"{name}.html") for name in ("merged", "one", "two", "all")
    )
    cases = merged["session"]["cases"]
    assert cases == [*one["session"]["cases"], *two["session"]["cases"]]
    assert (merged["case-0"], merged["case-1"]) == (one["case-0"], two["case-0"])
    assert merged["session"]["worst"] == whole["session"]["worst"]
    assert without_data(parts / "merged.html") == without_data(parts / "all.html")


def test_html_with_a_baseline(parts: Path, pytester: pytest.Pytester) -> None:
    arguments = ("--sim-baseline=all.json", "doubler/golden.py::factor=2")
    pytester.runpytest("--sim-html=three.html", *arguments)
    assert shown(parts / "three.html")["session"]["compared"]["gone"] == [
        "doubler/golden.py::factor=3"
    ]
    assert main(["report", "merge", "three.html", "two.html", "-o", "merged.html"]) == 0
    assert shown(parts / "merged.html")["session"]["compared"] is None
    pytester.runpytest("--sim-html=two.html", *arguments[:1], "doubler/golden.py::factor=3")
    assert main(["report", "merge", "three.html", "two.html", "-o", "merged.html"]) == 0
    compared = shown(parts / "merged.html")["session"]["compared"]
    assert (sorted(compared["cases"]), compared["gone"]) == (
        ["doubler/golden.py::factor=2", "doubler/golden.py::factor=3"],
        [],
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<html></html>", "bad.html is no page of --sim-html"),
        (b"\xff", "bad.html cannot be read: it is no text"),
        (None, "bad.html cannot be read: No such file or directory"),
    ],
)
def test_bad_html(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str | bytes | None,
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if text is not None:
        Path("bad.html").write_bytes(text.encode() if isinstance(text, str) else text)
    assert main(["report", "merge", "bad.html", "-o", "merged.html"]) == 1
    assert f"a2a3sim: error: {told}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (["one.json", "all.json"], "doubler/golden.py::factor=2 is in two reports: one.json and"),
        (["one.json", "two.xml"], "reports of one kind are merged: .json of --sim-json,"),
        (["missing.json"], "missing.json cannot be read: No such file or directory"),
        (["bad.json"], "bad.json is no JSON: "),
        (["old.json"], "old.json is no report of --sim-json with schema 1; got 0"),
    ],
)
def test_bad_parts(
    parts: Path, capsys: pytest.CaptureFixture[str], files: list[str], told: str
) -> None:
    (parts / "bad.json").write_text("{")
    (parts / "old.json").write_text('{"schema": 0}')
    assert main(["report", "merge", *files, "-o", "merged.json"]) == 1
    assert f"a2a3sim: error: {told}" in capsys.readouterr().err
    assert not (parts / "merged.json").exists()


def test_bad_xml(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, text, told in (
        ("bad.xml", "<", "bad.xml is no XML: "),
        ("other.xml", "<html/>", "other.xml is no report of --junit-xml; got <html>"),
    ):
        (parts / name).write_text(text)
        assert main(["report", "merge", name, "-o", "merged.xml"]) == 1
        assert f"a2a3sim: error: {told}" in capsys.readouterr().err
