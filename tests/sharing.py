"""What tests share that run in several processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class MadeOnce(Protocol):
    """Of the fixture ``made_once``."""

    def __call__(self, name: str, fill: Callable[[Path], object], /) -> Path:
        """The session's directory of this name, filled by the first who asks."""
