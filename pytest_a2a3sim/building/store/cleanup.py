"""The size of the cache, and what a cleanup removes when it is too large."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from pytest_a2a3sim.model.frozen import frozen

_STALE_SECONDS = 3600.0
_KEPT_SHARE = 0.9  # a cleanup goes below the limit, so that it does not run every time
_CLEANED = ("objects", "manifests", "sources", "headers", "goldens", "passes", "inputs")


@frozen
class Statistics:
    """What a cache holds: files and bytes by kind, such as ``{"objects": (12, 480000)}``."""

    directory: Path
    limit: int
    kinds: dict[str, tuple[int, int]]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(size for _, size in self.kinds.values())


def sizes(root: Path) -> dict[str, tuple[int, int]]:
    """Files and bytes in a store, by kind."""
    found = {}
    for kind in (*_CLEANED, "compilers"):
        each = [status.st_size for _, status in _files(root / kind)]
        found[kind] = (len(each), sum(each))
    return found


def clean_up(root: Path, limit: int) -> None:
    """Removes what was used least recently until a store is well below its limit, in bytes.

    Files that killed processes left behind go first.
    """
    _remove_stale(root)
    files = [file for kind in _CLEANED for file in _files(root / kind)]
    size = sum(status.st_size for _, status in files)
    if size <= limit:
        return
    for path, status in sorted(files, key=lambda file: file[1].st_mtime_ns):
        if size <= limit * _KEPT_SHARE:
            return
        with contextlib.suppress(OSError):
            path.unlink()
            size -= status.st_size


def _remove_stale(root: Path) -> None:
    now = time.time()
    for kind in ("tmp", "locks", "runs"):
        for path, status in _files(root / kind):
            if now - status.st_mtime > _STALE_SECONDS:
                with contextlib.suppress(OSError):
                    path.unlink()


def _files(directory: Path) -> list[tuple[Path, os.stat_result]]:
    """Every file below a directory, with its status."""
    found = []
    for parent, _, names in os.walk(directory):
        for name in names:
            path = Path(parent, name)
            with contextlib.suppress(OSError):
                found.append((path, path.stat()))
    return found
