"""How soon threads that wait for Python's lock get it, while compilers run.

A job of a thread that compiles is a row of short steps between programs that it starts and files
that it reads. At each it would wait for the lock for as long as another thread, which computes
expected outputs, may keep it; a CPU has nothing to do meanwhile.
"""

from __future__ import annotations

import os
import sys
import threading

_SECONDS = 0.0005  # instead of Python's own 0.005
_LEAST = 1e-6  # that tells two intervals apart


class _Switching:
    """Of this process."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._busy = 0
        self._usual: float | None = None

    def hurry(self) -> None:
        """Has it be soon, until :meth:`relax` is called as often."""
        with self._mutex:
            self._busy += 1
            usual = sys.getswitchinterval()
            if self._busy == 1 and usual > _SECONDS + _LEAST:
                self._usual = usual
                sys.setswitchinterval(_SECONDS)

    def relax(self) -> None:
        """Undoes one call of it; what somebody else has set meanwhile stays."""
        with self._mutex:
            self._busy -= 1
            self._restore()

    def settle(self) -> None:
        """Undoes it where somebody has put back what was set here, after it was undone."""
        with self._mutex:
            self._restore()

    def _restore(self) -> None:
        is_ours = abs(sys.getswitchinterval() - _SECONDS) < _LEAST
        if self._busy == 0 and self._usual is not None and is_ours:
            sys.setswitchinterval(self._usual)
            self._usual = None

    def leave(self) -> None:
        """A forked process has none of the threads that compile."""
        self._mutex = threading.Lock()
        self._busy = 0
        self._restore()


SWITCHING = _Switching()
os.register_at_fork(after_in_child=SWITCHING.leave)
