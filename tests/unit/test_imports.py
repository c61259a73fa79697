"""The layout is the architecture: imports go one way, and few modules know pytest or the engine."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest_a2a3sim

PACKAGE = Path(pytest_a2a3sim.__file__).parent
MODULES = sorted(path for path in PACKAGE.glob("*.py") if path.name != "__init__.py")
KNOWS_PYTEST = {"collect", "options", "plugin", "reporting"}
KNOWS_ENGINE = {"run", "native_compare"}


def imported_names(path: Path) -> set[str]:
    """Dotted names that a module imports when it runs, not only for type checkers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    return names


def own_imports(path: Path) -> set[str]:
    stems = {module.stem for module in MODULES}
    parts = [name.split(".") for name in imported_names(path)]
    return {p[1] for p in parts if p[0] == "pytest_a2a3sim" and len(p) > 1 and p[1] in stems}


def test_imports_are_acyclic() -> None:
    graph = {path.stem: own_imports(path) for path in MODULES}
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(MODULES)


def test_few_modules_import_pytest() -> None:
    users = {p.stem for p in MODULES if any(n.split(".")[0] == "pytest" for n in imported_names(p))}
    assert users == KNOWS_PYTEST


def test_few_modules_import_the_engine() -> None:
    users = {p.stem for p in MODULES if "pytest_a2a3sim._engine" in imported_names(p)}
    assert users == KNOWS_ENGINE


def test_loading_the_plugin_imports_neither_numpy_nor_the_engine() -> None:
    script = (
        "import sys, pytest_a2a3sim.plugin;"
        "print(*sorted({'numpy', 'cffi', 'pytest_a2a3sim._engine'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
