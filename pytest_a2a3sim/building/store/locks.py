"""Locks between threads and processes that share the cache."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.starting import unforked
from pytest_a2a3sim.building.store.files import persist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from filelock import FileLock

_POLL_SECONDS = 0.01
_LOCK_SECONDS = 600.0  # a compiler that takes longer is taken for stopped
_SLOT_SECONDS = 60.0


class Locks:
    """Lock files below a directory, which need not exist nor be writable.

    Args:
        root: the directory.
        make_directory: makes one for lock files.
        on_failure: is told of errors of the file system, after which there are no locks.
    """

    def __init__(
        self,
        root: Path,
        make_directory: Callable[[Path], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._root = root
        self._make_directory = make_directory
        self._on_failure = on_failure
        self._is_broken = False

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Keeps other threads and processes from working on a key.

        The operating system releases it when the process dies. Where the file system has no locks
        there is none; after ten minutes the holder is taken for stopped and the work is done again.
        """
        held = self._acquire(self._root / "locks" / f"{key}.lock", _LOCK_SECONDS)
        try:
            yield
        finally:
            if held is not None:
                held.release()

    @contextlib.contextmanager
    def cpu_slot(self, cpus: int) -> Iterator[None]:
        """Waits for one of as many slots as there are CPUs, shared by all processes."""
        held = None
        deadline = time.monotonic() + _SLOT_SECONDS
        while held is None and time.monotonic() < deadline:
            for slot in range(cpus):
                held = self._acquire(self._root / "slots" / f"{slot}.lock", 0)
                if held is not None:
                    break
            else:
                if self._is_broken:
                    break
                time.sleep(_POLL_SECONDS)
        try:
            yield
        finally:
            if held is not None:
                held.release()

    def _acquire(self, path: Path, seconds: float) -> FileLock | None:
        with unforked():
            from filelock import FileLock, Timeout  # noqa: PLC0415 - slow, not needed for a hit
        lock = FileLock(path)

        def acquire() -> None:
            self._make_directory(path.parent)
            lock.acquire(timeout=seconds, poll_interval=_POLL_SECONDS)

        try:
            persist(acquire)
        except Timeout:
            return None
        except (OSError, NotImplementedError) as error:
            self._is_broken = True
            self._on_failure(error)
            return None
        return lock
