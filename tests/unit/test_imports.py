"""The layout is the architecture: who may import whom, and the drawing of it in the docs."""

from __future__ import annotations

import graphlib
import statistics
import subprocess
import sys

from tests import imports

# By folder or module of the package: what it may import of the others.
MAY_IMPORT = {
    "version": set[str](),
    "model": set[str](),
    "loading": {"model", "version"},
    "building": {"model", "version"},
    "engine": {"model", "version"},
    "failures": {"model", "version"},
    "reporting": {"model", "version"},
    "running": {"engine", "model"},
    "pictures": {"model", "reporting", "version"},
    "comparing": {"engine", "model"},
    "rerunning": {
        *("comparing", "engine", "failures", "loading", "model", "reporting", "running"),
    },
    "pipeline": {
        *("building", "comparing", "engine", "loading", "model", "rerunning", "running"),
    },
    "tracing": {"building", "failures", "loading", "model", "running"},
    "affected": {"building", "loading", "model", "version"},
    "simulator": {"affected", "building", "loading", "model", "pipeline", "tracing", "version"},
    "__init__": {"model", "simulator", "version"},
    "__main__": {"cli"},
    "plugin": {"affected", "engine", "loading", "model", "pictures", "reporting", "simulator"},
    "cli": {
        *("building", "loading", "model", "pictures", "reporting", "running", "simulator"),
        "version",
    },
}
# The same by folder or file of the engine.
MAY_INCLUDE = {
    "engine_api.h": set[str](),
    "base": {"engine_api.h"},
    "shared": {"base", "engine_api.h"},
    "compare": {"base", "engine_api.h"},
    "graph": {"base", "engine_api.h", "shared"},
    "device": {"base", "engine_api.h", "shared"},
    "faults": {"device", "engine_api.h", "graph", "shared"},
    "executor": {"base", "engine_api.h", "faults", "graph", "shared"},
    "runtime": {"base", "device", "engine_api.h", "faults", "graph", "shared"},
    "dump": {"device", "engine_api.h", "executor", "graph", "shared"},
    "sanitizer": {
        *("base", "device", "engine_api.h", "executor", "faults", "graph", "shared"),
    },
    "orders": {"base", "device", "executor", "graph"},
    "isolation": {
        *("base", "device", "dump", "engine_api.h", "executor", "faults", "graph", "orders"),
        *("runtime", "sanitizer", "shared"),
    },
    "api.cpp": {"compare", "device", "engine_api.h", "graph", "isolation", "shared"},
}
MOST_ARROWS = 68
LONGEST = 300
MEDIAN = 150
TABLES = {"engine_api.h"}  # one interface, in one file


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = imports.python_imports()
    assert len(list(graphlib.TopologicalSorter(graph).static_order())) == len(graph)


def test_folders_import_only_what_they_may() -> None:
    for room, targets in imports.python_rooms().items():
        assert targets <= MAY_IMPORT[room], room


def test_parts_of_the_engine_include_only_what_they_may() -> None:
    for room, targets in imports.native_rooms().items():
        assert targets <= MAY_INCLUDE[room], room


def test_the_rules_have_no_circle() -> None:
    for rules in (MAY_IMPORT, MAY_INCLUDE):
        assert len(list(graphlib.TopologicalSorter(rules).static_order())) == len(rules)


def test_arrows_are_few() -> None:
    assert sum(map(len, imports.python_rooms().values())) <= MOST_ARROWS


def test_the_docs_show_the_drawing() -> None:
    """``python -m tests.imports`` draws it anew."""
    assert imports.shown() == imports.drawings()


def users_of(*names: str) -> set[str]:
    """The rooms with a module that imports one of the names, or something below it."""
    return {
        imports.python_room(module)
        for module, path in imports.python_modules().items()
        if any(
            f"{used}.".startswith(f"{name}.")
            for used in imports.imported_names(path)
            for name in names
        )
    }


def test_one_folder_imports_pytest() -> None:
    assert users_of("pytest", "_pytest") == {"plugin"}


def test_one_folder_touches_the_engine() -> None:
    library = "pytest_a2a3sim.engine.library"
    assert users_of(f"{library}.ffi", f"{library}.lib", "pytest_a2a3sim._engine") == {"engine"}


def test_modules_are_short() -> None:
    lengths = {
        path.relative_to(imports.PACKAGE): len(path.read_text(encoding="utf-8").splitlines())
        for pattern in ("*.py", "*.h", "*.cpp")
        for path in imports.PACKAGE.rglob(pattern)
        if path.name not in {"__init__.py", "_engine.cpp"}
    }
    long = {str(path): count for path, count in lengths.items() if count > LONGEST}
    assert {name.rpartition("/")[2] for name in long} <= TABLES, long
    assert statistics.median(lengths.values()) <= MEDIAN


def test_loading_the_plugin_imports_neither_numpy_nor_the_engine() -> None:
    script = (
        "import sys, pytest_a2a3sim.plugin;"
        "print(*sorted({'numpy', 'cffi', 'pytest_a2a3sim._engine'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
