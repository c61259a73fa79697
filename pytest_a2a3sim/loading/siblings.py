"""Modules that a golden.py shares with others: importable while its code runs, each golden's own.

They lie beside it, or in the folder ``golden`` of a directory above it in the same project.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

_LOCK = threading.RLock()  # of sys.modules and sys.path, while they change


_SHARED = "golden"
_ROOTS = (".git", "pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini")


class Siblings:
    """The modules and packages that belong to one file's directory, as its code imports them.

    Those beside it go before others of their names; those of shared folders come last.

    While that code runs they are in ``sys.modules`` under their plain names, so that lazy imports,
    pickling and ``importlib`` find them; otherwise they are here. What is imported from elsewhere
    stays in ``sys.modules``, and so does what somebody else imported from there.
    """

    def __init__(self, directory: Path, root: Path | None = None) -> None:
        """Imports nothing yet.

        Args:
            directory: of the file.
            root: of the tests, if there is one; see :func:`_shared_directories`.
        """
        self._directory = directory
        self._shared = _shared_directories(directory, root, _current_directory())
        self._modules: dict[str, ModuleType] = {}
        self._hidden: dict[str, ModuleType] = {}
        self._before: set[str] = set()
        self._last = ""  # of sys.modules, before the directory's own
        self._users = 0

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with the modules importable while it runs."""

        @functools.wraps(function)
        def importing(*args: Any, **fixtures: Any) -> Any:
            with self.importable():
                return function(*args, **fixtures)

        return importing

    @contextlib.contextmanager
    def importable(self) -> Iterator[None]:
        """Has the directories on ``sys.path``, and their modules in ``sys.modules``.

        The path is a new list each time: another thread's import may be walking through the old
        one, and would miss an entry of a list that shrinks.
        """
        shared = [str(directory) for directory in self._shared]
        with _LOCK:
            sys.path = [str(self._directory), *sys.path, *shared]
            if self._users == 0:
                self._enter()
            self._users += 1
        try:
            yield
        finally:
            with _LOCK:
                rest = list(sys.path)
                with contextlib.suppress(ValueError):
                    rest.remove(str(self._directory))
                for path in shared:
                    with contextlib.suppress(ValueError):
                        del rest[len(rest) - 1 - rest[::-1].index(path)]
                sys.path = rest
                self._users -= 1
                if self._users == 0:
                    self._leave()

    # sys.modules is not walked through: a case that runs is a copy of this process, and to touch an
    # object here is to copy its page.

    def _enter(self) -> None:
        names = _importable_names(self._directory).union(*map(_importable_names, self._shared))
        present = {name for name in names if name in sys.modules}
        hidden = {
            name for name in present if not (self._holds(name) or _is_installed(sys.modules[name]))
        }
        self._hidden = _taken_out(hidden) if hidden else {}
        self._before = {name for name in (*self._modules, *present) if name in sys.modules}
        self._last = next(reversed(sys.modules), "")
        for name, module in self._modules.items():
            sys.modules.setdefault(name, module)

    def _leave(self) -> None:
        for name in [name for name in _added_since(self._last) if name not in self._before]:
            if self._holds(_top(name)):
                self._modules[name] = sys.modules[name]
        for name, module in self._modules.items():
            if name not in self._before and sys.modules.get(name) is module:
                del sys.modules[name]
        for name, module in self._hidden.items():
            sys.modules.setdefault(name, module)
        self._hidden = {}

    def _holds(self, name: str) -> bool:
        """Whether a top-level module is a file of a directory, or a package right in it."""
        module = sys.modules.get(name) or self._modules.get(name)
        if name.startswith("_a2a3sim_"):  # a golden.py or kernel_config.py itself
            return False
        file = getattr(module, "__file__", None)
        directories = (self._directory, *self._shared)
        if file:
            parent = Path(file).parent
            return any(parent in (directory, directory / name) for directory in directories)
        paths = getattr(module, "__path__", None) or ()
        return any(str(directory / name) in paths for directory in directories)


@functools.cache
def _shared_directories(
    directory: Path, root: Path | None, current: Path | None
) -> tuple[Path, ...]:
    """Folders of shared modules, the nearest first, up to the root of the project.

    Where nothing marks that, the root of the tests and the current directory do. What lies above is
    somebody else's.
    """
    found: list[Path] = []
    taken = 0
    for above in directory.parents:
        if (above / _SHARED).is_dir():
            found.append(above / _SHARED)
        if any((above / name).exists() for name in _ROOTS):
            return tuple(found)
        if above in {root, current}:
            taken = len(found)
    return tuple(found[:taken])


def _current_directory() -> Path | None:
    """None if it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return None


def _top(name: str) -> str:
    return name.partition(".")[0]


def _added_since(last: str) -> list[str]:
    """The names behind that one in sys.modules, the newest first."""
    while True:
        with contextlib.suppress(RuntimeError):  # another thread has imported something meanwhile
            return list(itertools.takewhile(last.__ne__, reversed(sys.modules)))


def _taken_out(tops: set[str]) -> dict[str, ModuleType]:
    """Those top-level modules, and all inside of them, which are no longer in sys.modules."""
    names = [name for name in sys.modules if _top(name) in tops]
    return {name: sys.modules.pop(name) for name in names}


def _importable_names(directory: Path) -> set[str]:
    """Names of modules and packages in a directory, but for those of the standard library."""
    names = set()
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                names.add(entry.name.removesuffix(".py"))
            elif os.path.isfile(f"{entry.path}/__init__.py"):  # noqa: PTH113 - twice a case
                names.add(entry.name)
    return names - sys.stdlib_module_names - {"__main__"}


def _is_installed(module: ModuleType) -> bool:
    """Whether a module is a library's, which must not be loaded twice."""
    file = getattr(module, "__file__", None) or ""
    return not {"site-packages", "dist-packages"}.isdisjoint(Path(file).parts)
