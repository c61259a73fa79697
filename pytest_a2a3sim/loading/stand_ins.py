"""Modules of the PTO runtime's own Python, for files that import them where it is not installed.

kernel_config.py names directions of arguments by ``simpler.task_interface``, which is compiled with
the PTO runtime; scene tests are made with ``simpler_setup``, which needs it.
"""

from __future__ import annotations

import contextlib
import enum
import importlib
import importlib.abc
import importlib.machinery
import re
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import ModuleType

_NEEDED = {
    "simpler": "simpler.task_interface",
    "simpler_setup": "simpler_setup",
    "task_interface": "task_interface",  # until April 2026
}
"""What must be importable of each package; a stand-in takes the place of the package otherwise."""

_LOCK = threading.RLock()  # of sys.modules and sys.meta_path, while stand-ins are in them


class ArgDirection(enum.IntEnum):
    """What becomes of an argument."""

    SCALAR = 0
    IN = 1
    OUT = 2
    INOUT = 3


class StandIns:
    """What one file imports of the PTO runtime, as long as its code runs.

    Real modules go before. Nothing of the stand-ins is in ``sys.modules`` at other times.
    """

    def __init__(self, file: Path, source: bytes) -> None:
        """Imports nothing yet.

        Args:
            file: whose code wants modules.
            source: its text; one that names no such package costs nothing.
        """
        self._directory = file.parent
        self._is_wanted = (
            re.search(rb"\b(?:simpler(?:_setup)?|task_interface)\b", source) is not None
        )
        self._missing: frozenset[str] | None = None
        self._modules: dict[str, ModuleType] = {}

    @contextlib.contextmanager
    def importable(self) -> Iterator[None]:
        """Has what is missing importable."""
        if not self._is_wanted:
            yield
            return
        with _LOCK:
            if self._missing is None:
                self._missing = frozenset(name for name in _NEEDED if not is_there(name))
            with self._in_place(self._missing):
                yield

    @contextlib.contextmanager
    def _in_place(self, packages: frozenset[str]) -> Iterator[None]:
        hidden = _taken_out(packages)
        sys.modules.update(self._modules)
        finder = _Finder(packages, self._directory)
        # A new list each time: another thread's import may be walking through the old one.
        sys.meta_path = [finder, *sys.meta_path]
        try:
            yield
        finally:
            sys.meta_path = [each for each in sys.meta_path if each is not finder]
            self._modules = _taken_out(packages)
            sys.modules.update(hidden)


def is_there(package: str) -> bool:
    """Whether a real package can be imported; one that is not built fails in ways of its own."""
    before = set(sys.modules)
    try:
        importlib.import_module(_NEEDED[package])
    except Exception:  # noqa: BLE001 - as above
        for name in [name for name in sys.modules if _top(name) in _NEEDED and name not in before]:
            del sys.modules[name]
        return False
    return True


def _top(name: str) -> str:
    return name.partition(".")[0]


def _taken_out(packages: frozenset[str]) -> dict[str, ModuleType]:
    names = [name for name in sys.modules if _top(name) in packages]
    return {name: sys.modules.pop(name) for name in names}


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Makes the stand-ins, and modules without contents for everything else that is not there."""

    def __init__(self, packages: frozenset[str], directory: Path) -> None:
        self._packages = packages
        self._directory = directory

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        del target
        if _top(fullname) not in self._packages:
            return None
        if fullname not in _CONTENTS and path is not None:
            real = importlib.machinery.PathFinder.find_spec(fullname, path)
            if real is not None:
                return real
        spec = importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        if fullname == "simpler_setup":  # goldens that scene tests share are beside its own modules
            spec.submodule_search_locations = [
                str(above / fullname)
                for above in self._directory.parents
                if (above / fullname / "__init__.py").is_file()
            ][:1]
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> None:
        del spec

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__
        contents = _CONTENTS.get(name, _nothing)()
        vars(module).update(contents)

        def missing(attribute: str) -> Any:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            return _Absent(f"{name}.{attribute}")

        module.__getattr__ = missing  # type: ignore[method-assign]


class _Absent:
    """Something of the PTO runtime that may be imported where it is not installed, and not used."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, *_: object, **__: object) -> Any:
        raise RuntimeError(f"{self.name} is the PTO runtime's own, which is not installed")

    def __repr__(self) -> str:
        return f"<{self.name}: not installed>"


def _nothing() -> dict[str, Any]:
    return {}


def _task_interface() -> dict[str, Any]:
    return {"ArgDirection": ArgDirection}


def _scene_api() -> dict[str, Any]:
    scene_api = importlib.import_module("pytest_a2a3sim.loading.scene_api")  # few files need it
    return {name: getattr(scene_api, name) for name in (*scene_api.__all__, "_compare_outputs")}


_CONTENTS = {
    "simpler": _nothing,
    "simpler.task_interface": _task_interface,
    "task_interface": _task_interface,
    "simpler_setup": _scene_api,
    "simpler_setup.scene_test": _scene_api,
}
