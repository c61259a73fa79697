"""The times of a case on one axis of whole nanoseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from pytest_a2a3sim.model.result import CaseFacts

_PER_SECOND = 1e9
_PER_MICROSECOND = 1000


class Clock:
    """Counts nanoseconds from the begin of a case's first phase."""

    def __init__(self, facts: CaseFacts) -> None:
        self._first = min(facts.starts.values())
        self.graph = self.of_host(facts.starts["execute"])
        """When the graph started."""

    def of_host(self, monotonic: float) -> int:
        """Of a time in seconds of the monotonic clock."""
        return round((monotonic - self._first) * _PER_SECOND)

    def of_graph(self, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Of times in seconds since the graph started."""
        return np.rint(seconds * _PER_SECOND).astype(np.int64) + self.graph


def microseconds(nanoseconds: int) -> str:
    """``12.345``."""
    whole, rest = divmod(nanoseconds, _PER_MICROSECOND)
    return f"{whole}.{rest:03}"
