"""What Python's garbage collector looks through while cases run."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

from pytest_a2a3sim.plugin.collect import GoldenItem

if TYPE_CHECKING:
    import pytest


def freeze_collected(session: pytest.Session) -> bool:
    """Has the collector pass over what exists now, which lives as long as the session; if it may.

    Each full collection, of which pytest does some as a session ends, goes through all modules and
    collected cases otherwise, and writes to their pages, which every case's process shares: the
    system copies those one by one.

    A session with other items stays as it is, since they may have expectations of the collector;
    so does a process that froze something itself.
    """
    items = session.items
    are_ours = all(isinstance(item, GoldenItem) for item in items)
    if not items or not are_ours or gc.get_freeze_count():
        return False
    gc.freeze()
    return True
