"""Lines that tell how far a graph is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_a2a3sim.model.progress import RunProgress

_FIRST = 2.0  # seconds
_INTERVAL = 30.0  # seconds between two lines that stay
_MINUTE = 60.0
_HOUR = 3600.0


class RunLines:
    """Tells how far a graph is that runs for longer than 2 seconds.

    Args:
        say: prints a line that stays: after 2 seconds, and then every 30.
        rewrite: puts a text in the place of the one that it put there before, and "" at the end;
            None where that is impossible, as in a log.
    """

    def __init__(
        self, say: Callable[[str], None], rewrite: Callable[[str], None] | None = None
    ) -> None:
        self._say = say
        self._rewrite = rewrite
        self._next = _FIRST
        self._shown = False

    def __call__(self, progress: RunProgress | None) -> None:
        """Says how far it is, if it is time for that; None is the end of a run."""
        if progress is None:
            if self._shown and self._rewrite is not None:
                self._rewrite("")
            self._shown = False
            self._next = _FIRST
        elif progress.seconds >= _FIRST and self._rewrite is not None:
            self._shown = True
            self._rewrite(run_line(progress))
        elif progress.seconds >= self._next:
            self._next = progress.seconds + _INTERVAL
            self._say(run_line(progress))


def run_line(progress: RunProgress) -> str:
    """``1,200 of 4,096 tasks done in 4 s; running QK, SF; about 9 s left``."""
    parts = [f"{progress.finished:,} of {progress.tasks:,} tasks done in {_time(progress.seconds)}"]
    if progress.kernels:
        more = progress.running - len(progress.kernels)
        names = ", ".join(dict.fromkeys(progress.kernels))
        parts.append(f"running {names}" + (f" and {more} more" if more > 0 else ""))
    left = progress.seconds_left
    if left is not None:
        parts.append(f"about {_time(left)} left")
    return "; ".join(parts)


def _time(seconds: float) -> str:
    """``42 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min {seconds % _MINUTE:.0f} s"
    return f"{seconds // _HOUR:.0f} h {seconds % _HOUR // _MINUTE:.0f} min"
