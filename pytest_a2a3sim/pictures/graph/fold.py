"""TaskGraph -> Drawing: tasks that are alike become one node where there are many."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from pytest_a2a3sim.pictures.graph.task_graph import Drawing, Link, Node

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from pytest_a2a3sim.pictures.graph.task_graph import EdgeNote, TaskGraph

Fold = Literal["auto", "none", "layer", "kernel"]

FOLDS: tuple[Fold, ...] = get_args(Fold)

MOST_NODES = 60
"""A drawing with more nodes is not taken in at a glance: ``auto`` folds it."""

_WORDS = {"none": "", "layer": "kernel and layer", "kernel": "kernel"}


def fold(graph: TaskGraph, how: Fold = "auto") -> Drawing:
    """What is drawn of a graph.

    Args:
        graph: of a run.
        how: ``none`` draws every task; ``layer`` makes one node of the tasks of a kernel that are
            equally far from the start, by edges on the longest path; ``kernel`` of all tasks of a
            kernel. ``auto`` is the first of these that has at most :data:`MOST_NODES` nodes.
    """
    kernels = np.unique(graph.recording.func_ids, return_inverse=True)[1].astype(np.int64)
    tasks = graph.recording.tasks
    if how == "auto" and tasks <= MOST_NODES:
        how = "none"
    if how == "none":
        return _drawing(graph, np.arange(tasks), "none")
    if how in ("auto", "layer"):
        by_layer = kernels + (kernels.max() + 1) * graph.layers
        if how == "layer" or np.unique(by_layer).size <= MOST_NODES:
            return _drawing(graph, by_layer, "layer")
    return _drawing(graph, kernels, "kernel")


def _drawing(graph: TaskGraph, keys: npt.NDArray[np.int64], how: str) -> Drawing:
    _, firsts, index = np.unique(keys, return_index=True, return_inverse=True)
    order = np.argsort(firsts)  # nodes by their first tasks
    node_of = np.empty_like(order)
    node_of[order] = np.arange(order.size)
    node_of = node_of[index.reshape(-1)]
    return Drawing(
        folded_by=_WORDS[how],
        nodes=tuple(_nodes(graph, node_of, np.sort(firsts))),
        links=(*_edges(graph, node_of), *_races(graph, node_of)),
    )


def _nodes(
    graph: TaskGraph, node_of: npt.NDArray[np.int64], firsts: npt.NDArray[np.int64]
) -> Iterator[Node]:
    size = firsts.size
    counts = np.bincount(node_of, minlength=size).tolist()
    seconds = np.bincount(node_of, weights=graph.seconds, minlength=size).tolist()
    path = np.asarray(graph.critical_path, dtype=np.int64)
    critical = np.bincount(node_of[path], minlength=size).tolist()
    layers = np.full(size, graph.recording.tasks)
    np.minimum.at(layers, node_of, graph.layers)
    recording = graph.recording
    for node, first in enumerate(firsts.tolist()):
        yield Node(
            kernel=recording.kernels[int(recording.func_ids[first])],
            layer=int(layers[node]),
            tasks=counts[node],
            first=first,
            seconds=seconds[node],
            critical=critical[node],
        )


def _edges(graph: TaskGraph, node_of: npt.NDArray[np.int64]) -> Iterator[Link]:
    ends, index, counts = np.unique(
        node_of[graph.edges], axis=0, return_inverse=True, return_counts=True
    )
    path = graph.critical_path
    critical = {(int(node_of[source]), int(node_of[to])) for source, to in itertools.pairwise(path)}
    notes = _notes(graph, index.reshape(-1), len(ends))
    for link, (source, to) in enumerate(ends.tolist()):
        yield Link(source, to, int(counts[link]), (source, to) in critical, note=notes[link])


def _notes(graph: TaskGraph, link_of: npt.NDArray[np.int64], links: int) -> list[EdgeNote | None]:
    """What all edges of a link are about."""
    found: list[set[EdgeNote | None]] = [set() for _ in range(links)]
    if graph.notes:
        for link, (source, to) in zip(link_of.tolist(), graph.edges.tolist(), strict=True):
            found[link].add(graph.notes.get((source, to)))
    return [next(iter(notes)) if len(notes) == 1 else None for notes in found]


def _races(graph: TaskGraph, node_of: npt.NDArray[np.int64]) -> Iterator[Link]:
    counts: dict[tuple[int, int], int] = {}
    for first, second in graph.races:
        ends = (int(node_of[first]), int(node_of[second]))
        counts[ends] = counts.get(ends, 0) + 1
    for (source, to), count in counts.items():
        yield Link(source, to, count, race=True)
