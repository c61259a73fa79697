"""A limit on the time that a case takes, the Python of its author included."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOONEST = 1e-3  # seconds: none would disarm the timer
_REPEAT = 1.0  # seconds: code that swallows the exception gets another one


class TimeLimit:
    """Starts when it is made.

    Args:
        seconds: None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._start = time.monotonic()

    def restart(self) -> None:
        """Starts it anew."""
        self._start = time.monotonic()

    @property
    def left(self) -> float:
        """Seconds until it is over, infinite without a limit."""
        if self.seconds is None:
            return math.inf
        return self._start + self.seconds - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.left <= 0

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Raises TimeoutError in the code below when time is up.

        Needs the main thread and a SIGALRM that nobody else uses; without them nothing is raised.
        """
        if self.seconds is None or not _alarm_is_free():
            yield
            return
        previous = signal.signal(signal.SIGALRM, self._expire)
        signal.setitimer(signal.ITIMER_REAL, max(self.left, _SOONEST), _REPEAT)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, previous)

    def _expire(self, *_: Any) -> NoReturn:
        raise TimeoutError(f"still running after {self.seconds:g} s (--sim-timeout)")


NO_LIMIT = TimeLimit(None)


def _alarm_is_free() -> bool:
    return (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
    )
