"""Which modules a file imports, as its text says."""

from __future__ import annotations

import ast
import functools
from pathlib import Path
from typing import NamedTuple


class Imports(NamedTuple):
    """Dotted names of modules, or of what is in modules: ``a`` and ``a.b`` for ``a.b``.

    Attributes:
        early: imported when the file is executed.
        late: imported by its functions.
    """

    early: frozenset[str]
    late: frozenset[str]


def imports_of(file: str, package: str) -> Imports:
    """What a source imports.

    Args:
        file: its path.
        package: where its relative imports start.

    Returns:
        Nothing where the file cannot be read as Python.
    """
    try:
        text = Path(file).read_bytes()
    except OSError:
        text = b""
    return _imports_of(text, package)


@functools.lru_cache(maxsize=1024)
def _imports_of(text: bytes, package: str) -> Imports:
    early, late = set[str](), set[str]()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return Imports(frozenset(), frozenset())
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, is_late = pending.pop()
        (late if is_late else early).update(_names(node, package))
        inside = is_late or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        pending += [(child, inside) for child in ast.iter_child_nodes(node)]
    return Imports(frozenset(early), frozenset(late))


def _names(node: ast.AST, package: str) -> set[str]:
    if isinstance(node, ast.Import):
        found = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            parents = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join((*parents, *filter(None, [node.module])))
        found = [base, *(f"{base}.{alias.name}" for alias in node.names)]
    else:
        return set()
    parts = [name.split(".") for name in found if name]
    return {".".join(name[: end + 1]) for name in parts for end in range(len(name))}
