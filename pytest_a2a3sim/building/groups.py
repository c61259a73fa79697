"""Which units of a session are compiled together, and who compiles them."""

from __future__ import annotations

import threading
from collections import defaultdict
from concurrent.futures import Future
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.prologue import prologue
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_a2a3sim.building.unit import Unit

MOST_TOGETHER = 8  # units, the first of which is there no earlier than the last

_HARMLESS = ("-I", "-D", "-U", "-isystem", "-std=", "-W", "-O1", "-O2", "-O3", "-g")
_LIGHT = frozenset(
    f"#include <{name}>"
    for name in ("cstdint", "stdint.h", "cstddef", "cstring", "cstdio", "cstdlib", "cmath")
)


class Group:
    """Units that one thread compiles together."""

    def __init__(self, units: tuple[Unit, ...]) -> None:
        self.units = units
        self.is_claimed = False
        self.ended: Future[None] = Future()


class Groups:
    """The groups of a session. Any thread may use them."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._groups: list[Group] = []
        self._of: dict[Unit, Group] = {}

    def plan(self, units: Sequence[Unit]) -> set[Unit]:
        """Forms groups of units that are all to be compiled; says which units are in one.

        There are as many groups as CPUs, or more: a unit alone on its CPU is there first.
        """
        alike: defaultdict[Hashable, list[Unit]] = defaultdict(list)
        for unit in units:
            if unit not in self._of and (kind := _kind(unit)):
                alike[kind].append(unit)
        several = [members for members in alike.values() if len(members) > 1]
        total = sum(map(len, several))
        size = min(MOST_TOGETHER, -(-total // usable_cpus()))
        grouped: set[Unit] = set()
        for members in several:
            count = -(-len(members) // max(size, 1))
            for number in range(count):
                chosen = tuple(members[number::count])
                if len(chosen) > 1:
                    self._add(Group(chosen))
                    grouped.update(chosen)
        return grouped

    def _add(self, group: Group) -> None:
        with self._mutex:
            self._groups.append(group)
            self._of.update(dict.fromkeys(group.units, group))

    def claim(self, unit: Unit) -> Group | None:
        """A group that the caller has to compile before it waits for the unit's.

        The unit's own, or another one that nobody compiles yet.
        """
        with self._mutex:
            own = self._of.get(unit)
            if own is None:
                return None
            free = (group for group in (own, *self._groups) if not group.is_claimed)
            group = next(free, None) if not own.ended.done() else None
            if group is not None:
                group.is_claimed = True
            return group

    def wait(self, unit: Unit) -> bool:
        """Waits until the unit's group has been compiled; False if it has none."""
        group = self._of.get(unit)
        if group is not None:
            group.ended.result()
        return group is not None


def _kind(unit: Unit) -> Hashable:
    """Equal for units that can be compiled together; None for one that cannot be."""
    flags = unit.user_flags
    if unit.core_type is None or unit.instrumentation != "none":
        return None
    if not all(flag.startswith(_HARMLESS) and "error" not in flag for flag in flags):
        return None
    lines = prologue(unit)
    if _LIGHT.issuperset(lines):
        return None
    return (
        unit.compiler,
        unit.flags(),
        unit.checkout.root,
        unit.directory if flags else None,
        lines,
    )
