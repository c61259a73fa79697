"""Locks between threads and processes that share the cache."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.store.files import persist

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
        with _held(self._acquire(self._root / "locks" / f"{key}.lock", _LOCK_SECONDS)):
            yield

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
        with _held(held):
            yield

    def _acquire(self, path: Path, seconds: float) -> int | None:
        """The descriptor of a lock file that this thread has locked; None where that is not so."""

        def locked() -> int | None:
            self._make_directory(path.parent)
            return _locked(path, time.monotonic() + seconds)

        try:
            return persist(locked)
        except OSError as error:
            self._is_broken = True
            self._on_failure(error)
            return None


def _locked(path: Path, deadline: float) -> int | None:
    """The descriptor of a locked file; None where another one has it until then.

    A cleanup may have removed a file that was locked meanwhile: that is no lock any more.

    Raises:
        OSError: it cannot be opened, or the file system has no locks.
    """
    while True:
        with contextlib.ExitStack() as unless_locked:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            unless_locked.callback(os.close, descriptor)
            if not _is_free(descriptor, deadline):
                return None
            if _is_at(path, descriptor):
                unless_locked.pop_all()
                return descriptor


def _is_at(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _is_free(descriptor: int, deadline: float) -> bool:
    """Waits for a lock; False where it is held until then."""
    while not _takes(descriptor):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _takes(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


@contextlib.contextmanager
def _held(descriptor: int | None) -> Iterator[None]:
    """Gives a lock back at the end, also that of forked processes that have the descriptor."""
    try:
        yield
    finally:
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)
