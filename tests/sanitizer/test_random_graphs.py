"""The racing pairs of random graphs are the oracle's: these, of these bytes, and no others."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

import pytest

from tests.sanitizer.oracle import races
from tests.sanitizer.random_graphs import Shape, random_graph
from tests.sanitizer.reports import differences, sanitize_graphs
from tests.sanitizer.task_graphs import ALL_MEANS

if TYPE_CHECKING:
    from tests.sanitizer.task_graphs import TaskGraph

GRAPHS_OF_A_SHAPE = 100
SHAPES = {
    "one-buffer": Shape(),
    "small-buffers": Shape(buffers=3, bytes=(64, 72), longest=9),
    "long-steps": Shape(buffers=2, bytes=(200, 300), longest=64, densities=(0.05, 0.2)),
    "shuffled-ids": Shape(buffers=2, tasks=(3, 12), densities=(0.2, 0.4, 0.8), shuffled=True),
}


def graphs_of(shape: str) -> dict[str, TaskGraph]:
    return {
        f"{shape}-{number}": random_graph(Random(f"{shape}-{number}"), SHAPES[shape])
        for number in range(GRAPHS_OF_A_SHAPE)
    }


@pytest.mark.parametrize("shape", SHAPES)
def test_racing_pairs_are_the_oracles(pytester: pytest.Pytester, shape: str) -> None:
    graphs = graphs_of(shape)
    cases = sanitize_graphs(pytester, graphs)
    edges = not SHAPES[shape].shuffled
    found = {
        name: texts
        for name, graph in graphs.items()
        if (texts := differences(graph, cases[name], edges=edges))
    }
    assert not found


@pytest.mark.parametrize("shape", SHAPES)
def test_graphs_are_worth_it(shape: str) -> None:
    """Racy ones and others, consequences and others, each kind of race and means."""
    graphs = graphs_of(shape)
    found = {name: races(graph) for name, graph in graphs.items()}
    racy = sum(1 for races_of_graph in found.values() if races_of_graph)
    assert 0.15 < racy / len(graphs) < 0.9
    every = [race for races_of_graph in found.values() for race in races_of_graph.values()]
    assert {race.consequence for race in every} == {True, False}
    assert set().union(*(race.kinds for race in every)) == {"RAW", "WAR", "WAW"}
    in_racy = Counter(
        step.means
        for name, graph in graphs.items()
        if found[name]
        for steps in graph.tasks
        for step in steps
    )
    assert set(in_racy) == set(ALL_MEANS)
