"""How far a case is, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_a2a3sim.model.between_cases import BetweenCases
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec


@frozen
class RunProgress:
    """A graph at some moment.

    Attributes:
        finished: tasks that have ended,
        tasks: of so many.
        running: tasks that are on a core.
        kernels: of the first of these.
        seconds: since the graph started.
    """

    finished: int
    tasks: int
    running: int
    kernels: tuple[str, ...]
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """Until its end, if the other tasks take as long on average; None where none has ended."""
        if self.finished == 0:
            return None
        return self.seconds * (self.tasks - self.finished) / self.finished


class Progress(Protocol):
    """Listens to what a case is about to do."""

    def building(self, golden: GoldenSpec) -> None:
        """Its sources are about to be compiled."""

    def running(self, case: CaseSpec) -> None:
        """Its graph is about to be built and run."""


@frozen
class Listeners:
    """Who is told about a case, and what it shares with those before and after it.

    Attributes:
        progress: what it is about to do.
        report_run: how far its graph is, several times a second, and None at its end.
        between: processes that outlive the case. None: it is alone, and leaves none.
    """

    progress: Progress | None = None
    report_run: Callable[[RunProgress | None], None] | None = None
    between: BetweenCases | None = None
