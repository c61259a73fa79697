"""What the engine knows of a sanitized run, in its own terms: code addresses, tensors, numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import LoadedObject
    from pytest_a2a3sim.model.checks import Check


@frozen
class RawFinding:
    """The engine's a2a3_finding; names of kinds and places are those of its enumerators."""

    check: Check
    kind: str
    tasks: tuple[int, ...]
    place: str
    is_reversed: bool
    is_consequence: bool
    writer: int | None
    tensor: str | None
    tensor_offset: int
    buffer: int | None
    offset: int
    span: int
    bytes: int
    codes: tuple[int, ...]
    submitters: tuple[int, ...]


@frozen
class RawCoreStep:
    """The engine's a2a3_core_step; names of kinds and pipes are those of its enumerators."""

    kind: str
    pipe: str
    destination: str | None
    event: int | None
    name: str
    code: int


@frozen
class RawCoreFinding:
    """The engine's a2a3_core_finding: of ``steps``, ``about`` are the indices."""

    check: Check
    kind: str
    task: int
    tasks: int
    is_consequence: bool
    space: str
    offset: int
    bytes: int
    capacity: int
    about: tuple[int, ...]
    steps: tuple[RawCoreStep, ...]


@frozen
class RawBuffer:
    """The engine's a2a3_buffer: a device buffer, and the code that asked for it."""

    call: int
    begin: int
    size: int
    caller: int


@frozen
class Sanitized:
    """What the engine knows of a sanitized run.

    Attributes:
        tasks: that were executed.
        accesses: of device memory, that were recorded.
        bytes: of device memory that they were of, counted once for each task.
        blind_bytes: of those, how many changed without a recorded access.
        instructions: of cores, that were looked at.
        undecided: tasks that read bytes which nobody wrote, with what effect is unknown.
        exchanging: tasks that exchange something with others that run together with them: races
            between these, their undefined reads and what their cores do after a wait are not
            looked at.
        derives: the runtime has found out who waits for whom from the tensors that tasks use, or
            their author has named tasks that were submitted.
        total: findings, of which at most 100,000 are listed.
        core_findings: those inside kernels; they are not among the total.
        findings: races by the ids of their tasks, then the others.
        buffers: those that the findings are about, by number.
        objects: what the simulating process had loaded.
    """

    tasks: int
    accesses: int
    bytes: int
    blind_bytes: int
    instructions: int
    undecided: int
    exchanging: int
    derives: bool
    total: int
    findings: tuple[RawFinding, ...]
    core_findings: tuple[RawCoreFinding, ...]
    buffers: Mapping[int, RawBuffer]
    objects: tuple[LoadedObject, ...]
