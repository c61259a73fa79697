"""Lines that tell how far a long build is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_a2a3sim.building.build import BuildProgress

_FIRST_LINE_SECONDS = 3.0
_INTERVALS = {True: 3.0, False: 30.0}  # whether the output is a terminal


class BuildLines:
    """Says a line now and then while a case waits for its build.

    Each is a line of its own, so that nothing is garbled in a log; the first comes after 3 seconds,
    then one every 3 seconds in a terminal and every 30 elsewhere.
    """

    def __init__(self, say: Callable[[str], None], *, is_terminal: bool) -> None:
        self._say = say
        self._interval = _INTERVALS[is_terminal]
        self._next = _FIRST_LINE_SECONDS

    def __call__(self, progress: BuildProgress) -> None:
        """Is told how far the build is."""
        if progress.seconds < _FIRST_LINE_SECONDS:
            self._next = _FIRST_LINE_SECONDS
        if progress.seconds < self._next:
            return
        self._next = progress.seconds + self._interval
        self._say(build_line(progress))


def build_line(progress: BuildProgress) -> str:
    """``compiled 3 of 9 sources, waiting for 6 s; compiling a.cpp, b.cpp``."""
    running = ", ".join(progress.running) or "nothing"
    return (
        f"compiled {progress.done} of {progress.total} sources, waiting for "
        f"{progress.seconds:.0f} s; compiling {running}"
    )
