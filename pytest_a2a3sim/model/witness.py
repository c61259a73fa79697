"""What a race does to the outputs, as runs of its tasks in either order show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pytest_a2a3sim.model.schedule import Schedule


@frozen
class WitnessRun:
    """A run in one of the two orders.

    Attributes:
        schedule: ``before`` of the two tasks.
        mismatched: outputs that do not match what is expected: all of them where
            compare_outputs says so of them together; none of a run that failed.
        failure: kind of the error that the run failed with, or that compare_outputs raised over
            what it left; None if there is none.
        message: the error's first line; None if there is none.
    """

    schedule: Schedule
    mismatched: tuple[str, ...] = ()
    failure: str | None = None
    message: str | None = None


@frozen
class WitnessDifference:
    """An output of which the two runs leave other bytes.

    Attributes:
        tensor: the output's name.
        count: elements that differ, of ``size``; those that compare_outputs leaves out, too.
        size: of the output, in elements.
        first: index of the first of them in the tensor's own shape.
        values: that element after each run.
        largest: absolute difference of an element of the two runs; infinite where one is a NaN and
            the other is not, 0 where bytes differ and values do not.
    """

    tensor: str
    count: int
    size: int
    first: tuple[int, ...]
    values: tuple[str, str]
    largest: float


@frozen
class Witness:
    """The two orders of a race's tasks; nothing else differs between the runs.

    Attributes:
        runs: with the lower id first, then with the higher one first.
        differences: outputs that differ between the two runs; none where one failed.
        repeated: whether a second run in each order ended as the first one did. If not, a kernel is
            not deterministic, and what differs may have that reason.
    """

    runs: tuple[WitnessRun, WitnessRun]
    differences: tuple[WitnessDifference, ...] = ()
    repeated: bool = True

    @property
    def shows(self) -> bool:
        """Whether the two orders end differently, by nothing but the order."""
        one, other = self.runs
        return self.repeated and (bool(self.differences) or one.failure != other.failure)
