"""TaskGraph -> plain data, as written by ``a2a3sim graph -o FILE.json``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_a2a3sim.pictures.graph.task_graph import Drawing, EdgeNote, TaskGraph

SCHEMA = 1


def graph_data(graph: TaskGraph, drawing: Drawing, title: str) -> dict[str, Any]:
    """Every task and edge, and what is drawn of them."""
    recording = graph.recording
    critical = set(graph.critical_path)
    layers, seconds = graph.layers.tolist(), graph.seconds.tolist()
    return {
        "schema": SCHEMA,
        "title": title,
        "block_dim": recording.block_dim,
        "kernels": [
            {"func_id": kernel.func_id, "name": kernel.name, "core_type": kernel.core_type}
            for _, kernel in sorted(recording.kernels.items())
        ],
        "tasks": [
            {
                "id": task,
                "func_id": func_id,
                "layer": layers[task],
                "seconds": seconds[task],
                "critical": task in critical,
            }
            for task, func_id in enumerate(recording.func_ids.tolist())
        ],
        "edges": [
            {"from": source, "to": to, **_note(graph.notes.get((source, to)))}
            for source, to in graph.edges.tolist()
        ],
        "races": [list(pair) for pair in graph.races],
        "drawn": {
            "folded_by": drawing.folded_by or None,
            "nodes": [
                {
                    "func_id": node.kernel.func_id,
                    "layer": node.layer,
                    "tasks": node.tasks,
                    "first_task": node.first,
                    "seconds": node.seconds,
                    "critical_tasks": node.critical,
                }
                for node in drawing.nodes
            ],
            "links": [
                {
                    "from": link.source,
                    "to": link.to,
                    "count": link.count,
                    "critical": link.critical,
                    "race": link.race,
                    **_note(link.note),
                }
                for link in drawing.links
            ],
        },
    }


def _note(note: EdgeNote | None) -> dict[str, str]:
    if note is None:
        return {}
    return {"tensor": note.tensor, "region": note.region, "kind": note.kind}
