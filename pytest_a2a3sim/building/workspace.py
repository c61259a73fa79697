"""The directory of a session: made where objects can be run from, gone when its owner is.

Its owner holds a lock on a file in it, which the system releases when the owner dies. What killed
sessions left behind is recognised by that and removed by the next one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Iterable

_PREFIX = "a2a3sim-"
_LOCK = "owner.lock"
_LEAST_ROOM = 1 << 20  # bytes that a small object and its compiler need
_REMEDY = "Name a directory where files can be written and run in the environment variable TMPDIR."
_MAKE_ROOM = "Free space there, or name another directory in the environment variable TMPDIR."


class Workspace:
    """A directory that exists until it is closed or its process dies."""

    def __init__(self, places: Iterable[Path] = (), inside: Path | None = None) -> None:
        """Makes one, and removes those of processes that were killed.

        Args:
            places: where it may be if the temporary directory is mounted ``noexec``.
            inside: make it in the workspace of the process from which this one was forked.

        Raises:
            BuildError: it cannot be made anywhere.
        """
        if inside is not None:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=inside))
            self._lock = -1
            return
        parent = _parent(places)
        _remove_leftovers(parent)
        try:
            self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            self._lock = _take_lock(self.path)
        except OSError as error:
            raise unusable(parent, error) from None

    def close(self) -> None:
        """Removes it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def unusable(directory: Path, error: OSError) -> BuildError:
    """Says that a directory cannot be used."""
    reason = error.strerror or str(error)
    remedy = _MAKE_ROOM if error.errno in {errno.ENOSPC, errno.EDQUOT} else _REMEDY
    return BuildError(f"kernels cannot be built: {reason}\n  in {directory}\n{remedy}")


def lack_of_space(directory: Path, printed: str, *, says_why: bool) -> OSError | None:
    """The error of the file system that made a compiler fail, if one did.

    Args:
        directory: where the compiler writes, its messages too.
        printed: what it said.
        says_why: whether that names an error; on a full disk it may say nothing.
    """
    for number in (errno.ENOSPC, errno.EDQUOT):
        if os.strerror(number) in printed:
            return OSError(number, os.strerror(number))
    status = os.statvfs(directory)
    if not says_why and status.f_bavail * status.f_frsize < _LEAST_ROOM:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return None


def _parent(places: Iterable[Path]) -> Path:
    """The temporary directory, or another place that is not mounted ``noexec``."""
    try:
        usual = Path(tempfile.gettempdir())
    except OSError as error:
        raise BuildError(f"kernels cannot be built: {error.strerror}\n{_REMEDY}") from None
    for place in (usual, *places):
        with contextlib.suppress(OSError):
            if place is not usual:
                place.mkdir(parents=True, exist_ok=True)
            if not os.statvfs(place).f_flag & os.ST_NOEXEC and os.access(place, os.W_OK):
                return place
    raise BuildError(f"kernels cannot be run from {usual}: it is mounted noexec\n{_REMEDY}")


def _take_lock(directory: Path) -> int:
    """Makes the lock file, held from the moment at which it has its name."""
    early = directory / f"{_LOCK}.new"
    descriptor = os.open(early, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with contextlib.suppress(OSError):  # a file system without locks: nobody can take it for dead
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        early.rename(directory / _LOCK)
    return descriptor


def _remove_leftovers(parent: Path) -> None:
    """Removes this user's workspaces whose owners are dead."""
    for directory in parent.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            lock = os.open(directory / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                if {os.fstat(lock).st_uid, directory.lstat().st_uid} == {os.getuid()}:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(directory, ignore_errors=True)
            finally:
                os.close(lock)
