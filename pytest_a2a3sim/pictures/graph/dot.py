"""Drawing -> DOT, and what Graphviz makes of it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import A2A3SimError
from pytest_a2a3sim.pictures import colours

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.pictures.graph.labels import Labels
    from pytest_a2a3sim.pictures.graph.task_graph import Link

MOST_NODES = 5000
"""Graphviz takes minutes for more."""


def dot_lines(labels: Labels) -> list[str]:
    """The graph as Graphviz reads it: bold is the critical path, red and dashed are races."""
    lines = [
        "digraph tasks {",
        f'  graph [label={_quoted(labels.headline)}, labelloc=t, fontname="sans-serif"]',
        '  node [shape=box, style="filled,rounded", fontname="sans-serif", fontsize=10]',
        '  edge [fontname="sans-serif", fontsize=9, color="#606060"]',
    ]
    fills = labels.fills()
    for index, node in enumerate(labels.drawing.nodes):
        text = _quoted("\\n".join(_escaped(line) for line in labels.lines(node)), escaped=True)
        bold = ", penwidth=2.5" if node.critical else ", penwidth=0.5"
        twice = ", peripheries=2" if node.tasks > 1 else ""
        lines.append(f'  n{index} [label={text}, fillcolor="{fills[index]}"{bold}{twice}]')
    lines += [
        f"  n{link.source} -> n{link.to}{_style(link, labels)}" for link in labels.drawing.links
    ]
    return [*lines, "}"]


def find_program(path: Path) -> str:
    """Graphviz's program, which draws the file ``path``.

    Raises:
        A2A3SimError: it is not installed.
    """
    program = shutil.which("dot")
    if program is None:
        raise A2A3SimError(
            f"{path} is drawn by Graphviz, whose program `dot` is not on PATH: install graphviz, "
            "or write .dot or .mmd, which need nothing"
        )
    return program


def draw(labels: Labels, path: Path, form: str) -> None:
    """Has Graphviz draw the graph.

    Args:
        labels: of what is drawn.
        path: of the file.
        form: ``svg`` or ``png``.

    Raises:
        A2A3SimError: it is not installed, or cannot do it.
    """
    if len(labels.drawing.nodes) > MOST_NODES:
        raise A2A3SimError(
            f"{path}: {len(labels.drawing.nodes):,} nodes are more than Graphviz draws in useful "
            f"time (at most {MOST_NODES:,}); fold them: --fold=layer or --fold=kernel"
        )
    program = find_program(path)
    text = "\n".join(dot_lines(labels))
    done = subprocess.run(  # noqa: S603 - the program is Graphviz
        [program, f"-T{form}", "-o", str(path)],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode != 0:
        raise A2A3SimError(
            f"{path} cannot be drawn: {program} says: {done.stderr.strip() or done.returncode}"
        )


def _style(link: Link, labels: Labels) -> str:
    style = {}
    if text := labels.link(link):
        style["label"] = _quoted(f"  {text}")  # beside the line, not on it
    if link.race:
        style |= {"color": f'"{colours.RACE}"', "style": "dashed", "constraint": "false"}
        style["fontcolor"] = f'"{colours.RACE}"'
    elif link.critical:
        style |= {"penwidth": "2.5", "color": '"#202020"'}
    return f" [{', '.join(f'{name}={value}' for name, value in style.items())}]" if style else ""


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _quoted(text: str, *, escaped: bool = False) -> str:
    return f'"{text if escaped else _escaped(text)}"'
