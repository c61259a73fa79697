"""What nodes and links are called, and which colour they have, in any language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.pictures import colours
from pytest_a2a3sim.reporting.profile_text import time_text

if TYPE_CHECKING:
    from pytest_a2a3sim.pictures.graph.task_graph import Drawing, Link, Node


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@frozen
class Labels:
    """Names and colours.

    Attributes:
        drawing: that they are of.
        title: of the graph.
        timed: colour nodes by the time that they took, not by kernel, and say it.
    """

    drawing: Drawing
    title: str
    timed: bool = False

    @property
    def headline(self) -> str:
        """The title, the size of the graph, and what is drawn of it."""
        nodes = self.drawing.nodes
        tasks = sum(node.tasks for node in nodes)
        edges = sum(link.count for link in self.drawing.links if not link.race)
        parts = [f"{self.title}: {_counted(tasks, 'task')}, {_counted(edges, 'edge')}"]
        if self.drawing.folded_by:
            parts.append(f"folded by {self.drawing.folded_by}")
        if self.timed:
            slowest = time_text(max(node.seconds for node in nodes))
            parts.append(f"coloured by time, orange for {slowest}")
        return "; ".join(parts)

    def lines(self, node: Node) -> list[str]:
        """A node's text."""
        if node.tasks == 1:
            first = [node.kernel.name, f"task {node.first}"]
        else:
            first = [f"{node.kernel.name} x{node.tasks:,}", f"from task {node.first} on"]
        return [*first, time_text(node.seconds)] if self.timed else first

    def link(self, link: Link) -> str:
        """A link's text."""
        words = [str(link.note)] if link.note is not None else []
        if link.race:
            words.append("race")
        if link.count > 1:
            words.append(f"x{link.count:,}")
        return " ".join(words)

    def fills(self) -> list[str]:
        """The colour of each node."""
        nodes = self.drawing.nodes
        if self.timed:
            most = max(node.seconds for node in nodes) or 1.0
            return [colours.of_share(node.seconds / most) for node in nodes]
        of_kernel = colours.of_kernels(list({node.kernel.func_id for node in nodes}))
        return [of_kernel[node.kernel.func_id] for node in nodes]
