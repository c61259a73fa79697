"""Who imports whom, read from the sources: for the rules, and for the drawing in the docs.

``python -m tests.imports`` draws anew what docs/architecture.md shows.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pytest_a2a3sim"
NATIVE = PACKAGE / "native"
DOCUMENT = ROOT / "docs" / "architecture.md"

Graph = dict[str, set[str]]

_INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)
_DRAWING = re.compile(r"(<!-- drawing: (\w+) -->\n```\n)(.*?)(```\n)", re.DOTALL)


def python_modules() -> dict[str, Path]:
    """Every Python module of the package by its dotted name."""
    return {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sorted(PACKAGE.rglob("*.py"))
        if NATIVE not in path.parents
    }


def imported_names(path: Path) -> set[str]:
    """Dotted names that a module imports, those for type checkers and in functions included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def python_imports() -> Graph:
    """The modules that each module imports.

    A package counts as imported only by name, not because something inside it is imported.
    """
    modules = python_modules()
    graph: Graph = {}
    for module, path in modules.items():
        found = imported_names(path) & set(modules) - {module}
        graph[module] = {
            name for name in found if not any(other.startswith(f"{name}.") for other in found)
        }
    return graph


def native_includes() -> Graph:
    """The headers that each source and header of the engine includes, by path below native/."""
    files = sorted([*NATIVE.rglob("*.h"), *NATIVE.rglob("*.cpp")])
    return {
        path.relative_to(NATIVE).as_posix(): {
            name for name in _INCLUDE.findall(path.read_text()) if (NATIVE / name).is_file()
        }
        for path in files
    }


def python_room(module: str) -> str:
    """A folder of the package, or a module beside the folders."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def native_room(path: str) -> str:
    """A folder of native/, or a file beside the folders."""
    return path.split("/", maxsplit=1)[0] if "/" in path else path


def rooms(graph: Graph, room_of: Mapping[str, str]) -> Graph:
    """The arrows between rooms."""
    arrows: Graph = {room: set() for room in room_of.values()}
    for origin, targets in graph.items():
        arrows[room_of[origin]] |= {room_of[target] for target in targets}
    return {room: targets - {room} for room, targets in arrows.items()}


def python_rooms() -> Graph:
    """The arrows between the rooms of the package."""
    graph = python_imports()
    return rooms(graph, {module: python_room(module) for module in graph})


def native_rooms() -> Graph:
    """The arrows between the rooms of the engine."""
    graph = native_includes()
    return rooms(graph, {path: native_room(path) for path in graph})


def floors(arrows: Graph) -> dict[str, int]:
    """The floor of each room: one above the highest that it has an arrow to."""
    found: dict[str, int] = {}

    def floor(room: str) -> int:
        if room not in found:
            found[room] = 1 + max((floor(target) for target in arrows[room]), default=0)
        return found[room]

    for room in arrows:
        floor(room)
    return found


def drawing(arrows: Graph) -> str:
    """A line a room from the top floor down: what it imports stands below it."""
    floor_of = floors(arrows)
    width = max(map(len, arrows))
    ordered = sorted(arrows, key=lambda room: (-floor_of[room], room))

    def named(targets: Iterable[str]) -> str:
        return " ".join(sorted(targets, key=lambda room: (-floor_of[room], room)))

    lines = []
    previous = 0
    for room in ordered:
        number = f"{floor_of[room]:2}" if floor_of[room] != previous else "  "
        previous = floor_of[room]
        lines.append(f"{number}  {room:<{width}}  {named(arrows[room])}".rstrip())
    return "".join(f"{line}\n" for line in lines)


def drawings() -> dict[str, str]:
    """Every drawing of the docs by its name."""
    return {"python": drawing(python_rooms()), "native": drawing(native_rooms())}


def shown() -> dict[str, str]:
    """The drawings as the docs show them."""
    text = DOCUMENT.read_text(encoding="utf-8")
    return {name: shown for _, name, shown, _ in _DRAWING.findall(text)}


def main() -> None:
    """Puts the drawings into the docs."""
    made = drawings()
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(
        _DRAWING.sub(lambda match: match[1] + made[match[2]] + match[4], text), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
