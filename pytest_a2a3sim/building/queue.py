"""Threads that compile: what a case waits for first, what later cases need otherwise."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Generic, TypeVar

from pytest_a2a3sim.building.switching import SWITCHING
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

K = TypeVar("K", bound="Hashable")
R = TypeVar("R")

_PROGRESS_SECONDS = 0.5


@frozen
class QueueLoad(Generic[K]):
    """How far a queue has come: jobs ended, jobs accepted, and those that run now."""

    done: int
    total: int
    running: tuple[K, ...]


class CompileQueue(Generic[K, R]):
    """Runs a job for each key, one at a time for the same key, on a few threads."""

    def __init__(self, threads: int, job: Callable[[K], R]) -> None:
        self._threads = threads
        self._job = job
        self._urgent: OrderedDict[K, Future[R]] = OrderedDict()
        self._early: OrderedDict[K, Future[R]] = OrderedDict()
        self._running: dict[K, Future[R]] = {}
        self._done = 0
        self._total = 0
        self._workers: list[threading.Thread] = []
        self._closed = False
        self._changed = threading.Condition()
        self._hurries = False

    def submit(self, key: K, *, urgent: bool) -> Future[R]:
        """The result of the key's job, which is queued unless it is queued or running already.

        An urgent job comes before every job that is not.
        """
        with self._changed:
            if key in self._running:
                return self._running[key]
            future = self._urgent.get(key) or self._early.get(key)
            if future is None:
                future = Future()
                self._total += 1
            if urgent and key not in self._urgent:
                self._early.pop(key, None)
                self._urgent[key] = future
            elif not urgent and key not in self._urgent:
                self._early[key] = future
            if self._closed:
                future.cancel()
            elif len(self._workers) < self._threads:
                self._start_worker()
            self._hurry()
            self._changed.notify()
        if urgent and not self._workers:  # the system has no thread for this process
            self._work_off()
        return future

    def _start_worker(self) -> None:
        worker = threading.Thread(target=self._work, name="a2a3sim-build", daemon=True)
        with contextlib.suppress(RuntimeError):
            worker.start()
            self._workers.append(worker)

    def _work_off(self) -> None:
        """Runs every urgent job in the calling thread."""
        while True:
            with self._changed:
                if self._closed or not self._urgent:
                    return
                job = self._take()
            self._run(*job)

    def wait(
        self,
        futures: Iterable[Future[R]],
        meanwhile: Iterator[object],
        tell: Callable[[QueueLoad[K], float], None],
    ) -> None:
        """Waits until jobs have ended.

        Args:
            futures: of the jobs.
            meanwhile: steps of other work, taken one after the other while jobs run.
            tell: is told now and then how far the queue is, and after how many seconds.
        """
        start = time.monotonic()
        pending = set(futures)
        while any(not future.done() for future in pending):
            if next(meanwhile, None) is None:
                break
        while pending:
            pending = wait(pending, timeout=_PROGRESS_SECONDS).not_done
            if pending:
                tell(self.load(), time.monotonic() - start)

    def load(self) -> QueueLoad[K]:
        """How far it has come."""
        with self._changed:
            return QueueLoad(self._done, self._total, tuple(self._running))

    @property
    def closed(self) -> bool:
        """Whether it takes no jobs any more."""
        return self._closed

    def close(self) -> None:
        """Cancels what has not started and waits for what runs."""
        with self._changed:
            self._closed = True
            for future in (*self._urgent.values(), *self._early.values()):
                future.cancel()
            self._urgent.clear()
            self._early.clear()
            self._relax()
            self._changed.notify_all()
        for worker in self._workers:
            worker.join()
        SWITCHING.settle()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._urgent or self._early or self._closed):
                    self._changed.wait()
                if self._closed:
                    return
                job = self._take()
            self._run(*job)

    def _take(self) -> tuple[K, Future[R]]:
        key, future = (self._urgent or self._early).popitem(last=False)
        self._running[key] = future
        return key, future

    def _run(self, key: K, future: Future[R]) -> None:
        try:
            result = self._job(key)
        except BaseException as error:  # noqa: BLE001 - belongs to whoever waits for the result
            future.set_exception(error)
        else:
            future.set_result(result)
        with self._changed:
            del self._running[key]
            self._done += 1
            self._relax()

    def _hurry(self) -> None:
        """Hurries until there is no job any more."""
        if not (self._closed or self._hurries):
            self._hurries = True
            SWITCHING.hurry()

    def _relax(self) -> None:
        if self._hurries and not (self._running or self._urgent or self._early):
            self._hurries = False
            SWITCHING.relax()
