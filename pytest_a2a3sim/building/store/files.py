"""Files of the cache, which another process may clear meanwhile."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, TypeVar

from pytest_a2a3sim.building.store.fingerprint import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

R = TypeVar("R")

_MOST_ATTEMPTS = 5


def persist(action: Callable[[], R]) -> R:
    """Does again what has found a directory missing that it had made or seen just before.

    Raises:
        OSError: it fails for another reason, or each time.
    """
    for _ in range(_MOST_ATTEMPTS - 1):
        # mkdir() raises FileExistsError where the directory is there first, and then is not.
        with contextlib.suppress(FileNotFoundError, FileExistsError):
            return action()
    return action()


def with_digest(data: bytes) -> bytes:
    """What is written, preceded by its SHA-256."""
    return hashlib.sha256(data).hexdigest().encode() + b"\n" + data


def checked(path: Path) -> bytes | None:
    """What a file holds after its SHA-256; None where there is no sound one."""
    content = read(str(path))
    digest, _, data = content.data.partition(b"\n") if content is not None else (b"",) * 3
    return data if hashlib.sha256(data).hexdigest().encode() == digest else None
