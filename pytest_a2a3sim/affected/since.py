"""Whether a case may be affected by what has changed in git, where no pass of it is known."""

from __future__ import annotations

import ast
import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.affected.gate import Judgement
from pytest_a2a3sim.affected.includes import ANY, included
from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.loading.imported import imports_of
from pytest_a2a3sim.loading.libraries import is_library_file
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.uses import UntrackedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_a2a3sim.affected.gate import Candidate
    from pytest_a2a3sim.affected.git import Changes
    from pytest_a2a3sim.affected.watch import CaseWatch
    from pytest_a2a3sim.building.builder import Builder

# What every case depends on, wherever it is.
_PROJECT = frozenset(
    {
        *("pyproject.toml", "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "setup.py"),
        *("pytest.toml", ".pytest.toml", "uv.lock", "poetry.lock", "pdm.lock", "pixi.lock"),
        *("environment.yml", "Dockerfile", "Containerfile"),
    }
)
_CODE = (".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".tcc", ".py")
_PROSE = (".md", ".rst")
_READING = frozenset(
    {
        *("open", "load", "loadtxt", "genfromtxt", "fromfile", "memmap", "open_memmap", "mmap"),
        *("read", "read_bytes", "read_text", "load_file", "safe_open", "File", "glob", "rglob"),
        *("iglob", "iterdir", "listdir", "scandir", "walk", "read_csv"),
    }
)
_EXECUTING = frozenset(
    {
        *("exec", "eval", "import_module", "__import__", "run_path", "run_module"),
        *("spec_from_file_location", "SourceFileLoader", "pytest_plugins"),
    }
)


class Since:
    """Judges cases by what git says has changed."""

    def __init__(self, builder: Builder, changes: Changes, watch: CaseWatch) -> None:
        self._builder = builder
        self._changes = changes
        self._watch = watch
        project = (path for path in sorted(changes.changed) if _is_projects(path))
        self._project = tuple(project)
        self._data = tuple(path for path in sorted(changes.changed) if _may_be_data(path))
        self._python = tuple(path for path in sorted(changes.changed) if path.endswith(".py"))
        self._headers = tuple(path for path in sorted(changes.changed) if path.endswith(_CODE[:-1]))

    def judge(self, candidate: Candidate, files: Iterable[str]) -> Judgement:
        """Whether a case can be left out.

        Args:
            candidate: the case.
            files: of Python that it is made from.
        """
        if self._project:
            return Judgement(reasons=tuple(map(self._told, self._project)))
        try:
            affecting = dict.fromkeys([*self._of_python(files), *self._of_sources(candidate)])
        except (UntrackedError, BuildError) as reason:
            return Judgement(reasons=(str(reason).split("\n", 1)[0],))
        return Judgement(reasons=tuple(map(self._told, affecting)))

    def _of_python(self, files: Iterable[str]) -> Iterator[str]:
        """What has changed of the Python that a case executes, and of what that may read."""
        uses = self._watch.uses(files, ())
        code = dict.fromkeys(file for file in uses.files if file.endswith(".py"))
        pending, places = list(code), set[str]()
        while pending:
            for place in _later_imports(pending.pop()):
                places.add(place)
                if place not in code and Path(place).is_file():
                    code[place] = None
                    pending.append(place)
        yield from self._changed([*code, *uses.files, *sorted(places)])
        yield from (path for path in uses.absent if path in self._changes.changed)
        yield from (
            path for path in self._changes.changed if path.rpartition("/")[0] in uses.directories
        )
        names = frozenset[str]().union(*map(_names_in, code))
        if names & _READING:
            yield from self._data
        if names & _EXECUTING:
            yield from self._python

    def _of_sources(self, candidate: Candidate) -> Iterator[str]:
        config = candidate.golden.config
        units, _ = self._builder.units(config, "none", None)
        for unit in units:
            compiler = find_toolchain(self._builder.cache, self._builder.environment, unit.compiler)
            paths = included(unit.source, compiler.flags(unit), self._changes.root)
            yield from self._changed(sorted(paths - {ANY}))
            if ANY in paths:
                yield from self._headers

    def _changed(self, paths: Iterable[str]) -> Iterator[str]:
        return (path for path in paths if self._changes.has_changed(path))

    def _told(self, path: str) -> str:
        name = path.removeprefix(f"{self._changes.root}/")
        known = path in self._changes.changed
        return f"a file has changed: {name}" if known else f"git does not know {name}"


def _is_projects(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in _PROJECT or (name.startswith("requirements") and name.endswith(".txt"))


def _may_be_data(path: str) -> bool:
    """Whether golden.py may read it; what else reads it is known otherwise."""
    return not path.endswith((*_CODE, *_PROSE)) and "/." not in path


@functools.lru_cache(maxsize=4096)
def _names_in(file: str) -> frozenset[str]:
    """Names of functions and of attributes in a file of Python."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return _EXECUTING | _READING
    return frozenset(
        node.id if isinstance(node, ast.Name) else node.attr
        for node in ast.walk(tree)
        if isinstance(node, (ast.Name, ast.Attribute))
    )


def _later_imports(file: str) -> Iterator[str]:
    """Where the modules may be that the functions of a file import."""
    directory = str(Path(file).parent)
    above = (str(parent / "golden") for parent in Path(file).parents)
    search = [directory, *above, *sys.path]
    imports = imports_of(file, "")
    for name in sorted(imports.early | imports.late):
        if name.partition(".")[0] in sys.stdlib_module_names:
            continue
        relative = name.strip(".").replace(".", "/")
        for place in search:
            if not is_library_file(f"{place}/"):
                yield f"{place}/{relative}.py"
                yield f"{place}/{relative}/__init__.py"
