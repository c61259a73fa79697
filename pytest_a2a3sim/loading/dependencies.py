"""The code that a golden.py may run: its own, that of modules that it imports, and theirs."""

from __future__ import annotations

import importlib.machinery
import sys
from typing import TYPE_CHECKING

from pytest_a2a3sim.loading.imported import Imports, imports_of
from pytest_a2a3sim.loading.libraries import file_of, is_compiled, is_trusted, is_users
from pytest_a2a3sim.loading.state import State
from pytest_a2a3sim.model.uses import UntrackedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType


class Dependencies:
    """What a module depends on, as far as it is loaded; ``sys.modules`` must be as it sees them.

    Attributes:
        files: sources, absolute paths.
        early: names and files of modules that are imported when the module is executed.
    """

    def __init__(self, module: ModuleType) -> None:
        """Looks at what is loaded already.

        Raises:
            UntrackedError: something cannot be told from another one, or is native code.
        """
        self.files: dict[str, None] = {}
        self.early: dict[str, str] = {}
        self._late: dict[str, None] = {}
        self._state = State()
        self._take(module.__name__, module)

    @property
    def state(self) -> str:
        """A digest of the globals of the module and of all that it imports early."""
        return self._state.digest()

    def _take(self, name: str, module: ModuleType) -> None:
        """Takes in a module of the user's and what it imports early."""
        pending = {name: module}
        while pending:
            name, module = pending.popitem()
            if name in self.early:
                continue
            self.early[name] = file_of(module)
            imports = self._of_file(file_of(module), module)
            self._late.update(dict.fromkeys(sorted(imports.late)))
            self._state.add_globals(module)
            for imported in sorted(imports.early):
                found = sys.modules.get(imported)
                if found is not None and is_users(found):
                    pending[imported] = found
                else:
                    self._late[imported] = None  # a library, or not there
            pending |= {
                each: met for each, met in self._state.modules.items() if each not in self.early
            }

    def _of_file(self, file: str, module: ModuleType | None = None) -> Imports:
        if module is not None and is_compiled(module):
            raise UntrackedError(f"it imports {module.__name__}, native code that may read files")
        self.files[file] = None
        package = getattr(module, "__package__", None) or ""
        return imports_of(file, package)

    def later(
        self, opened: Iterable[str] = (), imported: Iterable[str] = ()
    ) -> dict[str, tuple[str, str]]:
        """Modules that were imported later on: file and digest of the state, as ``Uses`` has them.

        Args:
            opened: files that were opened, among them sources that were executed.
            imported: names of modules that were imported, whatever the sources say.

        Raises:
            UntrackedError: as above.
        """
        pending = dict.fromkeys([*self._late, *imported])
        for file in opened:
            if file.endswith(".py"):
                found = self._of_file(file)
                pending.update(dict.fromkeys([*sorted(found.early), *sorted(found.late)]))
        done: dict[str, tuple[str, str]] = {}
        while pending:
            name = next(iter(pending))
            del pending[name]
            if name in done or name in self.early or is_trusted(name):
                continue
            module = sys.modules.get(name)
            if module is None:
                if "." not in name:
                    done[name] = ("", "")
                continue
            done[name] = (file_of(module), state_of(module))
            if file_of(module):
                found = self._of_file(file_of(module), module)
                pending.update(dict.fromkeys([*sorted(found.early), *sorted(found.late)]))
        return done


def state_of(module: ModuleType) -> str:
    """A digest of the globals of a user's module; empty for a library's.

    Raises:
        UntrackedError: one cannot be told from another one.
    """
    if not is_users(module):
        return ""
    state = State()
    state.add_globals(module)
    return state.digest()


def are_same(modules: Mapping[str, tuple[str, str]]) -> bool:
    """Whether imports give the same modules as those that ``later`` told of.

    Raises:
        UntrackedError: the state of one cannot be told.
    """
    for name, (file, state) in modules.items():
        module = sys.modules.get(name)
        if module is not None:
            if (file_of(module), state_of(module)) != (file, state):
                return False
        elif "." not in name and _found_at(name) != file:
            return False
    return True


def _found_at(name: str) -> str:
    """The file from which a module would be imported."""
    spec = importlib.machinery.PathFinder.find_spec(name)
    return (spec.origin or "") if spec is not None else ""
