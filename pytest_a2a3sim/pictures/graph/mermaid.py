"""Drawing -> Mermaid, which GitHub and many editors draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.pictures import colours

if TYPE_CHECKING:
    from pytest_a2a3sim.pictures.graph.labels import Labels


def mermaid_lines(labels: Labels) -> list[str]:
    """The graph: thick is the critical path, red and dashed are races."""
    lines = [f"%% {labels.headline}", "flowchart TD"]
    for index, node in enumerate(labels.drawing.nodes):
        text = "<br/>".join(map(_escaped, labels.lines(node)))
        lines.append(f'  n{index}["{text}"]')
    races = []
    for number, link in enumerate(labels.drawing.links):
        arrow = "-.->" if link.race else "==>" if link.critical else "-->"
        text = labels.link(link)
        shown = f'|"{_escaped(text)}"|' if text else ""
        lines.append(f"  n{link.source} {arrow}{shown} n{link.to}")
        if link.race:
            races.append(str(number))
    by_fill: dict[str, list[str]] = {}
    for index, fill in enumerate(labels.fills()):
        by_fill.setdefault(fill, []).append(f"n{index}")
    for number, (fill, nodes) in enumerate(by_fill.items()):
        lines.append(f"  classDef c{number} fill:{fill},stroke:#606060,color:#000000")
        lines.append(f"  class {','.join(nodes)} c{number}")
    critical = [f"n{i}" for i, node in enumerate(labels.drawing.nodes) if node.critical]
    if critical:
        lines.append("  classDef critical stroke-width:3px,stroke:#000000")
        lines.append(f"  class {','.join(critical)} critical")
    if races:
        lines.append(f"  linkStyle {','.join(races)} stroke:{colours.RACE},color:{colours.RACE}")
    return lines


def _escaped(text: str) -> str:
    """Mermaid has no escapes in strings but its own entities."""
    return "".join(
        letter if letter.isalnum() or letter in " .,:_-+*=()/@" else f"#{ord(letter)};"
        for letter in text
    )
