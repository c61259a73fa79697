"""A task graph as it is drawn: nodes and edges, as the orchestration made them or folded."""

from __future__ import annotations

import functools
from dataclasses import field
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.model.spec import KernelSpec


@frozen
class EdgeNote:
    """What is known of an edge besides its ends.

    Attributes:
        tensor: that it is about.
        region: of the tensor.
        kind: of a :class:`Dependency`.
    """

    tensor: str = ""
    region: str = ""
    kind: str = ""

    def __str__(self) -> str:
        """``out[0:16] RAW``."""
        return " ".join(filter(None, (self.tensor + self.region, self.kind)))


@frozen
class TaskGraph:
    """The graph of a run.

    Attributes:
        recording: of the run.
        critical_path: ids of the tasks of a longest path; empty where nobody asked.
        races: pairs of tasks that nothing orders and that conflict.
        notes: what is known of edges, by their ends.
    """

    recording: Recording
    critical_path: Sequence[int] = ()
    races: Sequence[tuple[int, int]] = ()
    notes: Mapping[tuple[int, int], EdgeNote] = field(default_factory=dict)

    @functools.cached_property
    def edges(self) -> npt.NDArray[np.int64]:
        """Ends of every edge, of shape ``(edges, 2)``."""
        recording = self.recording
        sources = np.repeat(np.arange(recording.tasks), np.diff(recording.first_successor))
        return np.stack([sources, recording.successors.astype(np.int64)], axis=1)

    @functools.cached_property
    def layers(self) -> npt.NDArray[np.int64]:
        """Edges on the longest path to each task from one without predecessors."""
        recording = self.recording
        first = recording.first_successor.tolist()
        successors = recording.successors.tolist()
        waiting = np.bincount(recording.successors, minlength=recording.tasks).tolist()
        layers = [0] * recording.tasks
        ready = [task for task, count in enumerate(waiting) if count == 0]
        while ready:
            task = ready.pop()
            below = layers[task] + 1
            for to in successors[first[task] : first[task + 1]]:
                layers[to] = max(layers[to], below)
                waiting[to] -= 1
                if waiting[to] == 0:
                    ready.append(to)
        return np.array(layers, dtype=np.int64)

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """How long each task took."""
        taken: npt.NDArray[np.float64] = (
            self.recording.timeline["end"] - self.recording.timeline["start"]
        )
        return taken


@frozen
class Node:
    """Tasks that are drawn as one.

    Attributes:
        kernel: of all of them.
        layer: the lowest of theirs.
        tasks: how many.
        first: the lowest id.
        seconds: that all of them took together.
        critical: how many of them are on the critical path.
    """

    kernel: KernelSpec
    layer: int
    tasks: int
    first: int
    seconds: float
    critical: int


@frozen
class Link:
    """Edges, or races, between the tasks of two nodes.

    Attributes:
        source: index of a node.
        to: likewise.
        count: how many.
        critical: whether the critical path goes along one of them.
        race: whether they are races, and no edges.
        note: what all of them are about; None where that differs, or is unknown.
    """

    source: int
    to: int
    count: int
    critical: bool = False
    race: bool = False
    note: EdgeNote | None = None


@frozen
class Drawing:
    """What is drawn of a graph.

    Attributes:
        folded_by: what the tasks of a node have in common, in words; "" where each is one task.
        nodes: in the order of their first tasks.
        links: edges, then races.
    """

    folded_by: str
    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
