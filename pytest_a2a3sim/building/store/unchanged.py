"""A quick look at whether anything has changed since the last one."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.store.fingerprint import Stamp
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_a2a3sim.building.store.fingerprint import Absences, Glance
    from pytest_a2a3sim.building.store.inputs import Inputs


_SYSTEM = (
    *("/bin/", "/lib/", "/lib64/", "/sbin/", "/usr/bin/", "/usr/include/", "/usr/lib/"),
    *("/usr/lib64/", "/usr/libexec/", "/usr/sbin/", f"{PACKAGE}/"),
)
"""What an installation puts there, ours too."""

_SECONDS = 1.0


class Unchanged:
    """Stamps of all that several results were made from, when those were found valid.

    As long as they are the same, so is what was found. Most are of the system's files, which
    every case would look at: an installation that changes them is noticed within a second.
    """

    def __init__(self, stamps: dict[str, Stamp | None]) -> None:
        self._system = [item for item in stamps.items() if f"{item[0]}/".startswith(_SYSTEM)]
        self._own = [item for item in stamps.items() if not f"{item[0]}/".startswith(_SYSTEM)]
        self._system_seen = time.monotonic()

    @classmethod
    def since(
        cls, glance: Glance, begun_ns: int, found: Iterable[Inputs], absences: Absences
    ) -> Unchanged | None:
        """What that glance saw; None if it does not show all, or what changes again may look alike.

        Args:
            glance: by which the inputs were found unchanged.
            begun_ns: when it began, in nanoseconds since the epoch.
            found: the inputs.
            absences: those of what was not there.
        """
        stamps = glance.stamps
        for inputs in found:
            for directory, names in inputs.absent.items():
                if not absences.are_known(directory, names, stamps[directory]):
                    return None
        if not all(stamp is None or stamp.is_settled(begun_ns) for stamp in stamps.values()):
            return None
        return cls(stamps)

    def holds(self) -> bool:
        """Whether all of it is as it was."""
        now = time.monotonic()
        if now - self._system_seen > _SECONDS:
            if not _are_same(self._system):
                return False
            self._system_seen = now
        return _are_same(self._own)


def _are_same(stamps: list[tuple[str, Stamp | None]]) -> bool:
    look = Stamp.of
    return all(look(path) == stamp for path, stamp in stamps)
