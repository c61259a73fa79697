"""CaseResult -> TaskGraph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.pictures.graph.task_graph import EdgeNote, TaskGraph

if TYPE_CHECKING:
    from pytest_a2a3sim.model.result import CaseResult


def task_graph_of(result: CaseResult, *, critical: bool = True) -> TaskGraph:
    """The graph of a case that ran to its end.

    Args:
        result: of the case.
        critical: find the critical path.
    """
    findings = () if result.sanitizer is None else result.sanitizer.findings
    races = {each.edge or each.tasks[:2] for each in findings if each.is_race_of_tasks}
    return TaskGraph(
        recording=result.recording,
        critical_path=result.profile.critical_path if critical else (),
        races=sorted((int(first), int(second)) for first, second in races),
        notes={
            edge: EdgeNote(each.tensor, each.region, each.kind)
            for each in result.dependencies
            for edge in each.edges
        },
    )
