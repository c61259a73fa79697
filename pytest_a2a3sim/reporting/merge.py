"""Reports of the parts of a run -> one report: JSON documents and JUnit XML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.reporting.json_report import SCHEMA, write
from pytest_a2a3sim.reporting.summary import totals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from pytest_a2a3sim.model.record import CaseRecord, SessionRecord

_NO_TESTS = 5  # pytest's exit status of a part in which nothing was to be run


def merge(parts: Sequence[Path], output: Path) -> int:
    """Writes one report of several, all of the same kind; returns how many cases it has.

    Raises:
        SettingsError: one cannot be read, is no such report, or has a case of another one.
    """
    suffixes = {path.suffix for path in (*parts, output)}
    if suffixes == {".json"}:
        document = _documents(parts)
        written(output, lambda: write(output, document))
        return len(document["cases"])
    if suffixes == {".xml"}:
        suites = _suites(parts)
        tree = ET.ElementTree(suites)
        written(output, lambda: tree.write(output, encoding="utf-8", xml_declaration=True))
        return sum(1 for _ in suites.iter("testcase"))
    raise SettingsError(
        "reports of one kind are merged: .json of --sim-json, .xml of --junit-xml or .html of "
        "--sim-html; got "
        f"{', '.join(sorted(suffixes))}"
    )


def written(output: Path, write_it: Callable[[], object]) -> None:
    """Writes a report.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        write_it()
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror}") from None


def _documents(parts: Sequence[Path]) -> SessionRecord:
    """One JSON document: the cases of all, and of the sessions what holds for all of them."""
    documents = [_document(path) for path in parts]
    cases = cases_of_parts(
        (path, document["cases"]) for path, document in zip(parts, documents, strict=True)
    )
    errors = {
        error["nodeid"]: error for document in documents for error in document["collection_errors"]
    }
    first = documents[0]
    started = min(document["started"] for document in documents)
    ended = max(document["started"] + document["seconds"] for document in documents)
    return {
        **first,
        "python": _common([document["python"] for document in documents]),
        "machine": _common([document["machine"] for document in documents]),
        "started": started,
        "seconds": ended - started,
        "exit_status": _status([document["exit_status"] for document in documents]),
        "totals": totals(cases),
        "cases": cases,
        "collection_errors": [errors[nodeid] for nodeid in sorted(errors)],
    }


def cases_of_parts(parts: Iterable[tuple[Path, Sequence[CaseRecord]]]) -> list[CaseRecord]:
    """The cases of all parts, ordered by node id.

    Raises:
        SettingsError: one is in two of them.
    """
    where: dict[str, Path] = {}
    found: list[CaseRecord] = []
    for path, cases in parts:
        for case in cases:
            other = where.setdefault(case["nodeid"], path)
            if other is not path:
                raise SettingsError(
                    f"{case['nodeid']} is in two reports: {other} and {path}\n"
                    "Each case belongs to one part of a run; merge reports of the same run."
                )
            found.append(case)
    return sorted(found, key=lambda case: case["nodeid"])


def _document(path: Path) -> SessionRecord:
    try:
        document: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise SettingsError(f"{path} is no JSON: {error}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        got = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise SettingsError(
            f"{path} is no report of --sim-json with schema {SCHEMA}; got {got!r}\n"
            "Merge reports that one version of pytest-a2a3sim has written."
        )
    return document  # type: ignore[return-value]  # of this form by its schema


def _common(values: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(values))


def _status(statuses: Sequence[int]) -> int:
    """The worst one; a part in which nothing was to be run counts only if all were so."""
    told = [status for status in statuses if status != _NO_TESTS]
    return max(told, default=_NO_TESTS)


def _suites(parts: Sequence[Path]) -> ET.Element:
    """One element with the test suites of all."""
    merged = ET.Element("testsuites", name="pytest tests")
    for path in parts:
        try:
            root = ET.parse(path).getroot()  # noqa: S314 - what pytest has written
        except OSError as error:
            raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
        except ET.ParseError as error:
            raise SettingsError(f"{path} is no XML: {error}") from None
        if root.tag not in {"testsuites", "testsuite"}:
            raise SettingsError(f"{path} is no report of --junit-xml; got <{root.tag}>")
        merged.extend([root] if root.tag == "testsuite" else root.findall("testsuite"))
    return merged
