"""Graphs of a session's cases -> Markdown with Mermaid, which GitHub draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.pictures.graph.fold import MOST_NODES, fold
from pytest_a2a3sim.pictures.graph.labels import Labels
from pytest_a2a3sim.pictures.graph.mermaid import mermaid_lines
from pytest_a2a3sim.pictures.graph.of_result import task_graph_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.result import CaseResult

_MOST_GRAPHS = 20
_MOST_NAMES = 5


def summary_graph(result: CaseResult) -> str | None:
    """A case's graph as Mermaid, equal for cases of equal graphs; None where it is too large."""
    drawing = fold(task_graph_of(result, critical=False))
    if len(drawing.nodes) > MOST_NODES:
        return None
    return "\n".join(mermaid_lines(Labels(drawing, result.golden.parent.name)))


def summary_lines(graphs: Mapping[str, str]) -> list[str]:
    """The graphs by the node ids of their cases, each of them once."""
    cases: dict[str, list[str]] = {}
    for nodeid, graph in graphs.items():
        cases.setdefault(graph, []).append(nodeid)
    if not cases:
        return []
    lines = ["### Task graphs", ""]
    for graph, names in list(cases.items())[:_MOST_GRAPHS]:
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        shown = ", ".join(names[:_MOST_NAMES]).replace("&", "&amp;").replace("<", "&lt;")
        lines += [f"<details><summary>{shown}{more}</summary>", ""]
        lines += ["```mermaid", *graph.splitlines(), "```", "", "</details>", ""]
    if len(cases) > _MOST_GRAPHS:
        lines += [f"… and {len(cases) - _MOST_GRAPHS} more graphs", ""]
    return lines
