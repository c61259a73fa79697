"""How long the phases of a case take."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Phases:
    """Phases by name; the time of one within another counts for the inner one alone.

    Attributes:
        seconds: that each took, all its parts together.
        starts: when each first began, of the monotonic clock.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.starts: dict[str, float] = {}
        self._within = 0.0

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """The code below is that phase."""
        start = time.monotonic()
        self.starts.setdefault(name, start)
        before, self._within = self._within, 0.0
        try:
            yield
        finally:
            whole = time.monotonic() - start
            self.seconds[name] = self.seconds.get(name, 0.0) + whole - self._within
            self._within = before + whole
