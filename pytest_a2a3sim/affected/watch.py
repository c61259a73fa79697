"""What the Python of each case uses, as a session sees it from its start to its end."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from pytest_a2a3sim.loading.imported import imports_of
from pytest_a2a3sim.loading.libraries import file_of, is_users
from pytest_a2a3sim.loading.observing import Observer
from pytest_a2a3sim.loading.watching import Randomness
from pytest_a2a3sim.model.uses import Uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_RANDOM = "draws random numbers without a seed"


class CaseWatch:
    """Notes what top-level code of each file uses, and what each case's functions do.

    A file's top-level code is executed once, for all cases that depend on the file.
    """

    def __init__(self) -> None:
        self._files: dict[str, Observer] = {}
        self._now: Observer | None = None

    def part(self, whose: str) -> Observer | None:
        """Who notes what the top-level code of a file does, or other code where that is empty."""
        return self._files.setdefault(whose, Observer()) if whose else self._now

    @contextlib.contextmanager
    def loading(self, file: str) -> Iterator[None]:
        """Has a file of cases executed inside."""
        with Randomness().watched() as randomness:
            yield
        if randomness.changed - randomness.seeded:
            self._files.setdefault(file, Observer()).untracked[_RANDOM] = None

    @contextlib.contextmanager
    def noting(self, observer: Observer) -> Iterator[None]:
        """Has an observer note what functions do that are called inside."""
        before, self._now = self._now, observer
        try:
            with Randomness().watched() as randomness:
                yield
        finally:
            self._now = before
        if randomness.changed - randomness.seeded:
            observer.untracked[_RANDOM] = None

    def uses(self, files: Iterable[str], observers: Iterable[Observer]) -> Uses:
        """What a case uses.

        Args:
            files: of Python that it is made from.
            observers: of its functions.

        Raises:
            UntrackedError: it does what cannot be tracked.
        """
        noted = Observer()
        pending = dict.fromkeys(files)
        found, absent = self._told_apart(observers, "it", noted)
        done: dict[str, None] = {}
        pending |= noted.modules
        while pending:
            file, _ = pending.popitem()
            if file in done:
                continue
            done[file] = None
            observer = self._files.get(file)
            if observer is None:
                pending |= dict.fromkeys(_imported_by(file))
                continue
            more, less = self._told_apart([observer], file, noted)
            found += more
            absent += less
            pending |= observer.modules
        return Uses(
            files=tuple(dict.fromkeys([*done, *found])),
            absent=tuple(dict.fromkeys(absent)),
            directories=tuple(noted.directories),
            variables=noted.variables,
        )

    @staticmethod
    def _told_apart(
        observers: Iterable[Observer], who: str, noted: Observer
    ) -> tuple[list[str], list[str]]:
        found, absent = [], []
        for observer in observers:
            noted.take_in(observer)
            there, gone = observer.told_apart(who)
            found += there
            absent += gone
        return found, absent


def _imported_by(file: str) -> Iterator[str]:
    """The user's modules that a file imports, which nobody has seen being executed."""
    imports = imports_of(file, "")
    for name in sorted(imports.early | imports.late):
        module = sys.modules.get(name)
        if module is not None and is_users(module):
            yield file_of(module)
