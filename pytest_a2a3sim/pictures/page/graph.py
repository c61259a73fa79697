"""Drawing -> nodes and links at their places: layer by layer, links as straight as may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.pictures.graph.fold import fold
from pytest_a2a3sim.pictures.graph.labels import Labels
from pytest_a2a3sim.pictures.graph.of_result import task_graph_of

if TYPE_CHECKING:
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.pictures.graph.task_graph import Drawing

_SWEEPS = 4


def graph_data(result: CaseResult) -> dict[str, Any]:
    """The graph of a case, folded where it is large."""
    drawing = fold(task_graph_of(result))
    labels = Labels(drawing, result.case)
    columns, rows = _places(drawing)
    fills = labels.fills()
    return {
        "headline": labels.headline,
        "nodes": [
            {
                "label": "\n".join(labels.lines(node)),
                "kernel": node.kernel.name,
                "tasks": node.tasks,
                "microseconds": node.seconds * 1e6,
                "critical": node.critical,
                "fill": fills[index],
                "x": columns[index],
                "y": -rows[index],
            }
            for index, node in enumerate(drawing.nodes)
        ],
        "links": [
            {
                "source": link.source,
                "to": link.to,
                "label": labels.link(link),
                "critical": link.critical,
                "race": link.race,
            }
            for link in drawing.links
        ],
    }


def _places(drawing: Drawing) -> tuple[list[float], list[int]]:
    """A column and a row of each node; neighbours of neighbours are near each other."""
    layers = sorted({node.layer for node in drawing.nodes})
    rows = [layers.index(node.layer) for node in drawing.nodes]
    lines: list[list[int]] = [[] for _ in layers]
    for index, row in enumerate(rows):
        lines[row].append(index)
    near: list[list[int]] = [[] for _ in rows]
    for link in drawing.links:
        if link.source != link.to:
            near[link.source].append(link.to)
            near[link.to].append(link.source)
    columns = [0.0] * len(rows)

    def spread(line: list[int]) -> None:
        for place, index in enumerate(line):
            columns[index] = place - (len(line) - 1) / 2

    for line in lines:
        spread(line)
    for sweep in range(_SWEEPS):
        for line in lines if sweep % 2 == 0 else reversed(lines):
            wanted = {
                index: sum(columns[other] for other in near[index]) / len(near[index])
                if near[index]
                else columns[index]
                for index in line
            }
            line.sort(key=lambda index: wanted[index])
            spread(line)
    return columns, rows
