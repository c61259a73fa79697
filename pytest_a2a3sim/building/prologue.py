"""The includes with which sources begin, and those that many of them have in common."""

from __future__ import annotations

import os
import re
from collections import Counter
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.store.fingerprint import read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_a2a3sim.building.store.fingerprint import Content
    from pytest_a2a3sim.building.unit import Unit

Prologue = tuple[str, ...]

HEAVY_BYTES = 1 << 20
"""Of preprocessed text: what units have in common is compiled once from this size on."""

_SPACE = re.compile(rb"(?:\s|//[^\n]*\n|/\*.*?\*/)*", re.DOTALL)
_INCLUDE = re.compile(rb"#[ \t]*include[ \t]*(?:<([^>\n]+)>|\"([^\"\n]+)\")[ \t]*(?://[^\n]*)?\n")


def prologue(unit: Unit) -> Prologue:
    """The include directives before anything else in a source.

    A name in quotes that is found beside the source becomes an absolute one, so that equal
    directives of sources in different directories mean the same file.
    """
    return prologue_of(unit, read(str(unit.source)))[0]


def prologue_of(unit: Unit, content: Content | None) -> tuple[Prologue, int]:
    """The same of what a source has been read to be, and where the rest of it begins."""
    found: list[str] = []
    position = 0
    while content is not None:
        space = _SPACE.match(content.data, position)
        include = _INCLUDE.match(content.data, space.end() if space else position)
        if include is None:
            break
        position = include.end()
        angled, quoted = (
            name.decode(errors="surrogateescape") if name else "" for name in include.groups()
        )
        beside = os.path.join(unit.directory, quoted)  # noqa: PTH118 - a Path would leave "./" out
        if angled:
            found.append(f"#include <{angled}>")
        else:
            is_beside = os.path.isfile(beside)  # noqa: PTH113 - a name may be too long
            found.append(f'#include "{beside if is_beside else quoted}"')
    return tuple(found), position


def shared_prologues(units: Iterable[Unit], at_least: int) -> dict[Unit, Prologue]:
    """The longest beginning that each unit has in common with others of the same flags.

    Units that share theirs with fewer than ``at_least`` units, themselves included, are left out.
    """
    prologues = {unit: prologue(unit) for unit in units}
    counts: Counter[tuple[tuple[str, ...], Prologue]] = Counter()
    for unit, lines in prologues.items():
        for length in range(1, len(lines) + 1):
            counts[unit.flags(), lines[:length]] += 1
    shared = {}
    for unit, lines in prologues.items():
        lengths = [
            n for n in range(1, len(lines) + 1) if counts[unit.flags(), lines[:n]] >= at_least
        ]
        if lengths:
            shared[unit] = lines[: max(lengths)]
    return shared
