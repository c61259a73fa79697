"""Orders of execution as options name them."""

from __future__ import annotations

import os
import re
from typing import Literal

from pytest_a2a3sim.model.schedule import ORDERS, Schedule

_SEED_BYTES = 4
_LARGEST_ID = (1 << 31) - 1  # of a task


def parse_schedule(text: str) -> Schedule:
    """``fifo``, ``lifo``, ``creation``, ``reverse``, ``random`` or ``random:SEED``, ``before:7,3``.

    ``random`` draws a seed.

    Raises:
        ValueError: saying what is accepted.
    """
    order, colon, seed = text.strip().partition(":")
    if order == "random" and not colon:
        return Schedule("random", int.from_bytes(os.urandom(_SEED_BYTES), "little"))
    if order == "random" and seed.isdecimal() and int(seed) < 1 << 64:
        return Schedule("random", int(seed))
    if order == "before":
        return _parse_before(seed)
    for known in ORDERS:
        if order == known != "random" and not colon:
            return Schedule(known)
    raise ValueError(
        "must be fifo, lifo, creation, reverse, random, random:SEED or before:TASK,TASK"
    )


def _parse_before(text: str) -> Schedule:
    match = re.fullmatch(r"(\d{1,10})\s*,\s*(\d{1,10})", text.strip())
    first, second = (int(match[1]), int(match[2])) if match else (0, 0)
    if first == second or max(first, second) > _LARGEST_ID:
        raise ValueError("must name two tasks by their ids, as in before:7,3")
    return Schedule.before(first, second)


def parse_orders(text: str) -> int | Literal["auto"]:
    """``auto``, ``off``, or a number of orders.

    Raises:
        ValueError: saying what is accepted.
    """
    text = text.strip()
    if text == "auto":
        return "auto"
    if text == "off":
        return 0
    if not text.isdecimal():
        raise ValueError("must be auto, off or a number of orders")
    return int(text)
