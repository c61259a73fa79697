"""The layout is the architecture: imports go one way, and few modules know pytest or the engine."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest_a2a3sim

PACKAGE = Path(pytest_a2a3sim.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.name != "__init__.py" and "native" not in path.parts
}
KNOWS_PYTEST = {
    "pytest_a2a3sim.collect",
    "pytest_a2a3sim.options",
    "pytest_a2a3sim.plugin",
    "pytest_a2a3sim.session_report",
}
KNOWS_ENGINE = {
    "pytest_a2a3sim.comparing.native_compare",
    "pytest_a2a3sim.running.host_memory",
    "pytest_a2a3sim.running.run",
    "pytest_a2a3sim.running.status",
    "pytest_a2a3sim.running.timed_graph",
}


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


def users_of(name: str) -> set[str]:
    return {
        module
        for module, path in MODULES.items()
        if any(f"{used}.".startswith(f"{name}.") for used in imported_names(path))
    }


def test_imports_are_acyclic() -> None:
    graph = {module: imported_names(path) & set(MODULES) for module, path in MODULES.items()}
    assert len(graph) > len(KNOWS_PYTEST)
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(MODULES)


def test_few_modules_import_pytest() -> None:
    assert users_of("pytest") == KNOWS_PYTEST


def test_few_modules_import_the_engine() -> None:
    assert users_of("pytest_a2a3sim._engine") == KNOWS_ENGINE


def test_loading_the_plugin_imports_neither_numpy_nor_the_engine() -> None:
    script = (
        "import sys, pytest_a2a3sim.plugin;"
        "print(*sorted({'numpy', 'cffi', 'pytest_a2a3sim._engine'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
