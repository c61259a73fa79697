"""What reports say of a case's graph."""

from __future__ import annotations

from typing import TypedDict


class RingRecord(TypedDict):
    """What a ring had to hold."""

    ring: int
    tasks: int
    bytes: int
    dependencies: int
    smallest: dict[str, int]


class DependencyRecord(TypedDict):
    """Edges with one reason: from each of some tasks to each of some others."""

    sources: list[int]
    targets: list[int]
    kind: str
    tensor: str | None
    region: str | None


class GraphRecord(TypedDict):
    """A graph."""

    tasks: int
    edges: int
    critical_tasks: int | None
    rings: list[RingRecord]
    dependencies: list[DependencyRecord]
