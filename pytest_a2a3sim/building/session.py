"""What one process builds with: its workspace, its objects, its threads."""

from __future__ import annotations

import contextlib
import functools
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_a2a3sim.building.checkout import forget_checkouts
from pytest_a2a3sim.building.objects import Objects
from pytest_a2a3sim.building.queue import CompileQueue
from pytest_a2a3sim.building.unit import longest_first, there
from pytest_a2a3sim.building.workspace import Workspace
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from pytest_a2a3sim.building.queue import QueueLoad
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.goldens import StoredGoldens
    from pytest_a2a3sim.building.store.manifest import ResultEntry
    from pytest_a2a3sim.building.unit import Unit

_T = TypeVar("_T")

_MEMORY = Path("/dev/shm")  # noqa: S108 - a place to look at; what is made there has a random name


class Session:
    """Belongs to the process that made it.

    A forked child has neither its parent's threads nor a way to tell which locks they held, so that
    it makes a session of its own, inside the parent's workspace.

    Attributes:
        cache: where objects are kept.
        objects: found or compiled so far.
        queue: the threads that compile.
    """

    def __init__(
        self,
        cache: Cache,
        environment: Mapping[str, str],
        rebuild_since: float,
        parent: Session | None = None,
    ) -> None:
        """Makes the workspace.

        Args:
            cache: where objects are kept.
            environment: in which compilers run.
            rebuild_since: take nothing that was compiled before then (seconds since the epoch).
            parent: the session of the process from which this one was forked.

        Raises:
            BuildError: there is no place for the workspace.
        """
        forget_checkouts()
        self._ahead: list[threading.Thread] = []
        self._parent = parent  # kept: what its threads work with must not be finalised here
        self.cache = cache
        places = (_MEMORY,) if cache.refused else (cache.directory / "workspaces", _MEMORY)
        self._workspace = Workspace(places, None if parent is None else parent.directory)
        self.objects = Objects(self.directory, cache, environment, rebuild_since)
        self._rebuild_since = rebuild_since
        self._begun_ahead: set[Unit] = set()
        self.queue: CompileQueue[Unit, ResultEntry] = CompileQueue(
            usable_cpus(), self.objects.obtain
        )

    @property
    def directory(self) -> Path:
        """The workspace."""
        return self._workspace.path

    @functools.cached_property
    def goldens(self) -> StoredGoldens:
        """Expected outputs in the cache."""
        from pytest_a2a3sim.building.store.goldens import StoredGoldens  # noqa: PLC0415 - has NumPy

        return StoredGoldens(self.cache, self._rebuild_since)

    def prepare(self) -> None:
        """Begins with what compilations need besides sources, in a thread.

        Unless the cache has something of a compiler: then that is there, or soon found.
        """
        if any(self.cache.compiler_file("any").parent.glob("*.json")):
            return
        self._start("a2a3sim-prepare", self.objects.prepare)

    def compile_ahead(self, find_out: Callable[[], Unit]) -> None:
        """Queues one unit, which is found out in a thread."""

        def queue() -> None:
            with contextlib.suppress(BuildError, OSError):  # the cases will tell
                unit = find_out()
                self._begun_ahead.add(unit)
                self.queue.submit(unit, urgent=False)

        self._start("a2a3sim-ahead", queue)

    def again(
        self, failed: Iterable[Unit], tell: Callable[[QueueLoad[Unit], float], None]
    ) -> dict[Unit, Future[ResultEntry]]:
        """Compiles those once more that were begun ahead.

        What golden.py did while it was executed, such as to limit memory, is nothing to its cases.
        """
        futures = {}
        for unit in self._begun_ahead.intersection(failed):
            self._begun_ahead.discard(unit)
            self.objects.forget_failure(unit)
            futures[unit] = self.queue.submit(unit, urgent=True)
        self.queue.wait(futures.values(), iter(()), tell)
        return futures

    def compile_early(self, wanted: Sequence[tuple[Unit, ...]], start: float) -> None:
        """Looks for what each directory needs, and queues what is not there, in a thread.

        Args:
            wanted: the units of the directories, in the order of the cases.
            start: where in that order to begin, from 0 to 1.
        """
        self.objects.expect(unit for units in wanted for unit in longest_first(units))
        self._start("a2a3sim-look", lambda: self._look_ahead(wanted, start))

    def _look_ahead(self, wanted: Sequence[tuple[Unit, ...]], start: float) -> None:
        for units in _begun_at(start, list(dict.fromkeys(wanted))):
            if self.queue.closed:
                return
            found: Collection[Unit] = ()
            with contextlib.suppress(BuildError, OSError):  # the cases will tell
                found = self.objects.find(there(units))
            lacking = [unit for unit in longest_first(units) if unit not in found]
            for unit in _begun_at(start, list(dict.fromkeys(lacking))):
                self.queue.submit(unit, urgent=False)

    def _start(self, name: str, target: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the system has no thread for this process
            thread = threading.Thread(target=target, name=name)
            thread.start()
            self._ahead.append(thread)

    def close(self) -> None:
        """Waits for compilers that run, deletes the objects and trims the cache."""
        self.queue.close()
        for thread in self._ahead:
            thread.join()
        self._workspace.close()
        self.cache.close()


def _begun_at(share: float, items: list[_T]) -> list[_T]:
    """The same from an item in the middle on, and then those before it."""
    first = int(share * len(items))
    return items[first:] + items[:first]
