"""Who executes the tasks of a graph, and in which order."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Literal

Threads = int | Literal["cores"]
Order = Literal["depth-first", "fifo", "lifo", "random", "reverse"]

ORDERS: tuple[Order, ...] = ("depth-first", "fifo", "lifo", "random", "reverse")
_SEED_BITS = 32


@dataclass(frozen=True)
class Schedule:
    """The order in which ready tasks are executed; on one thread it is the same every time.

    Attributes:
        order: ``depth-first``: what a task made ready comes right after it, and idle threads take
            others' work; ``fifo``: the task that has been ready for longest; ``lifo``: the one that
            became ready last; ``random``: any of them; ``reverse``: the one that was added last.
        seed: of ``random``, at most 64 bits.
    """

    order: Order = "depth-first"
    seed: int = 0

    @property
    def is_default(self) -> bool:
        """Whether nobody asked for an order."""
        return self.order == "depth-first"

    def __str__(self) -> str:
        """As in ``--sim-schedule``."""
        return f"random:{self.seed}" if self.order == "random" else self.order


DEPTH_FIRST = Schedule()


def repeat_lines(schedule: Schedule) -> list[str]:
    """How to repeat what failed in an order that somebody asked for."""
    if schedule.is_default:
        return []
    option = f"--sim-schedule={schedule}"
    return [f"schedule {schedule}: {option} --sim-threads=1 repeats the order exactly"]


def parse_schedule(text: str) -> Schedule:
    """``fifo``, ``lifo``, ``reverse``, ``random`` (draws a seed) or ``random:SEED``.

    Raises:
        ValueError: saying what is accepted.
    """
    order, colon, seed = text.strip().partition(":")
    if order == "random" and not colon:
        return Schedule("random", secrets.randbits(_SEED_BITS))
    if order == "random" and seed.isdecimal() and int(seed) < 1 << 64:
        return Schedule("random", int(seed))
    for known in ORDERS:
        if order == known != "random" and not colon:
            return Schedule(known)
    raise ValueError("must be fifo, lifo, reverse, random or random:SEED")


def parse_threads(text: str) -> Threads:
    """``cores``, for a thread per simulated core, or a number of threads, at least 1.

    Raises:
        ValueError: saying what is accepted.
    """
    text = text.strip()
    if text == "cores":
        return "cores"
    count = int(text) if text.isdecimal() else 0
    if count < 1:
        raise ValueError("must be an int, at least 1, or 'cores'")
    return count
