"""The order in which ready tasks are executed."""

from __future__ import annotations

from typing import Literal

from pytest_a2a3sim.model.frozen import frozen

Order = Literal["depth-first", "fifo", "lifo", "random", "reverse", "creation", "before"]

ORDERS: tuple[Order, ...] = (
    *("depth-first", "fifo", "lifo", "random", "reverse", "creation", "before"),
)

_ID_BITS = 32  # of a task in the seed of ``before``


@frozen
class Schedule:
    """The order in which ready tasks are executed; on one thread it is the same every time.

    Attributes:
        order: ``depth-first``: what a task made ready comes right after it, and idle threads take
            others' work; ``fifo``: the task that has been ready for longest; ``lifo``: the one that
            became ready last; ``random``: any of them; ``reverse``: the one that was added last;
            ``creation``: the one that was added first; ``before``: the same, but for two tasks,
            see :meth:`before`.
        seed: of ``random``, at most 64 bits; of ``before``, which says the tasks.
    """

    order: Order = "depth-first"
    seed: int = 0

    @classmethod
    def before(cls, first: int, second: int) -> Schedule:
        """The order of creation, but one task waits until another one has been executed.

        The first one waits for all that the second one waits for, and the second one runs right
        after it, when it is the turn of the higher id. So ``before(7, 3)`` and ``before(3, 7)``
        differ in nothing but the order of these two, unless the graph orders them: what must run
        between them does, and an order that contradicts the graph is a GraphError.

        Args:
            first: id of the task that is executed first.
            second: id of the one that waits for it.
        """
        return cls("before", first << _ID_BITS | second)

    @property
    def tasks(self) -> tuple[int, int]:
        """Of ``before``: the task that is executed first, and the one right after it."""
        return self.seed >> _ID_BITS, self.seed & ((1 << _ID_BITS) - 1)

    @property
    def is_default(self) -> bool:
        """Whether nobody asked for an order."""
        return self.order == "depth-first"

    @property
    def repeat_lines(self) -> list[str]:
        """How to repeat what failed in an order that somebody asked for; none for the default."""
        if self.is_default:
            return []
        option = f"--sim-schedule={self}"
        return [f"schedule {self}: {option} --sim-threads=1 repeats the order exactly"]

    def __str__(self) -> str:
        """As in ``--sim-schedule``."""
        if self.order == "before":
            return "before:{},{}".format(*self.tasks)
        return f"random:{self.seed}" if self.order == "random" else self.order


DEPTH_FIRST = Schedule()


def further_orders(first: Schedule, count: int | Literal["auto"]) -> tuple[Schedule, ...]:
    """The orders in which a case is executed again on one thread: adverse to its first one.

    Tasks that were added late come first; then those that became ready first, so that chains take
    turns; then any by seeds 1, 2, 3, ...; none is the first one. The engine adds orders of pairs of
    tasks behind the first of them, and leaves out what shows nothing.
    """
    wanted = 3 if count == "auto" else count
    random = (Schedule("random", seed) for seed in range(1, wanted + 1))
    orders = [Schedule("reverse"), Schedule("fifo"), *random]
    return tuple(order for order in orders if order != first)[:wanted]
