"""What a sanitized session reports, read from its JSON, and how it compares with the oracle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.sanitizer import task_graphs
from tests.sanitizer.oracle import ordered, races, reachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pytest

    from tests.sanitizer.oracle import Pair, Race
    from tests.sanitizer.task_graphs import TaskGraph


@dataclass(frozen=True)
class SanitizedCase:
    """A case of the report."""

    record: Mapping[str, Any]

    @property
    def passed(self) -> bool:
        return bool(self.record["outcome"] == "passed")

    @property
    def failure(self) -> str | None:
        """The kind of failure."""
        return self.record["failure"] and str(self.record["failure"]["kind"])

    def findings(self, *checks: str) -> list[dict[str, Any]]:
        """Those of these checks, or of all."""
        found: list[dict[str, Any]] = self.record["sanitizer"]["findings"]
        return [finding for finding in found if not checks or finding["check"] in checks]

    @property
    def races(self) -> dict[Pair, dict[str, Any]]:
        """By pair of tasks; there is one finding for each."""
        found = self.findings("racecheck")
        by_pair = {(low, high): finding for finding in found for low, high in [finding["tasks"]]}
        assert len(by_pair) == len(found), "a pair of tasks is reported twice"
        return by_pair


def sanitize(pytester: pytest.Pytester, *arguments: str) -> dict[str, SanitizedCase]:
    """Runs pytest in pytester's directory. The cases by name."""
    return simulate(pytester, "--sim-sanitize=all", *arguments)


def simulate(pytester: pytest.Pytester, *arguments: str) -> dict[str, SanitizedCase]:
    """The same without the sanitizer."""
    path = pytester.path / "report.json"
    result = pytester.runpytest_subprocess(f"--sim-json={path}", "--sim-orders=off", *arguments)
    assert path.exists(), result.stderr.str()
    cases = json.loads(path.read_text())["cases"]
    return {case["case"]: SanitizedCase(case) for case in cases}


def sanitize_graphs(
    pytester: pytest.Pytester, graphs: Mapping[str, TaskGraph]
) -> dict[str, SanitizedCase]:
    racy = [name for name, graph in graphs.items() if races(graph)]
    task_graphs.create(pytester.path / "graphs", graphs, racy)
    cases = sanitize(pytester)
    assert cases.keys() == graphs.keys()
    return cases


def differences(graph: TaskGraph, case: SanitizedCase, *, edges: bool = True) -> list[str]:
    """In what a case's report is not what the oracle says; nothing where it is."""
    expected = races(graph)
    kind = "sanitizer" if expected else None
    texts = [f"another check found {each}" for each in case.findings("memcheck", "initcheck")]
    if case.failure != kind:
        texts.append(f"the failure is {case.record['failure']}, expected {kind}")
    for pair in sorted(expected.keys() | case.races.keys()):
        if pair not in case.races:
            texts.append(f"{pair} is missing: {expected[pair]}")
        elif pair not in expected:
            texts.append(f"{pair} does not race: {case.races[pair]}")
        else:
            wrong = _wrong_fields(pair, expected[pair], case.races[pair], edges=edges)
            texts += [f"{pair}: {text}; {expected[pair]}" for text in wrong]
    proposed = tuple((a, b) for found in case.races.values() for a, b in [found["edge"] or (0, 0)])
    after = reachable(graph, tuple(edge for edge in proposed if edge[0] != edge[1]))
    texts += [f"{task} would wait for itself" for task, later in enumerate(after) if task in later]
    texts += [f"no edge orders {pair}" for pair in expected if not ordered(pair, after)]
    return texts


def _wrong_fields(
    pair: Pair, race: Race, finding: Mapping[str, Any], *, edges: bool
) -> Iterator[str]:
    """`edges`: whether the lower id of a pair runs first, so that edges lead to the higher one."""
    overlap = race.overlaps.get(finding["buffer"])
    if finding["kind"] not in race.kinds:
        yield f"kind is {finding['kind']}"
    if overlap is None:
        yield f"buffer is {finding['buffer']}"
    elif (finding["offset"], finding["bytes"]) != (overlap[0], len(overlap)):
        yield f"offset is {finding['offset']}, bytes is {finding['bytes']}"
    if finding["consequence"] != (finding["edge"] is None):
        yield f"consequence is {finding['consequence']}, edge is {finding['edge']}"
    allowed = (None, list(pair)) if edges else (None, list(pair), list(reversed(pair)))
    if finding["edge"] not in allowed:
        yield f"edge is {finding['edge']}"
    if edges and finding["consequence"] != race.consequence:
        yield f"consequence is {finding['consequence']}"
