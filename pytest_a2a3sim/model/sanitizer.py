"""What the sanitizer has found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.checks import CHECKS, Check
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

    from pytest_a2a3sim.model.core import CoreDetails
    from pytest_a2a3sim.model.source_line import SourceLine
    from pytest_a2a3sim.model.witness import Witness

MOST_KERNELS = 2  # of a suppression
ANY_KERNEL = "*"


@frozen
class Finding:
    """Something that would go wrong on a device.

    Attributes:
        check: which check has found it.
        kind: ``RAW``, ``WAR`` or ``WAW`` of racecheck, by the order of the tasks' ids;
            ``OUT_OF_BOUNDS``, ``FREED`` or ``HOST`` of memcheck; ``UNINITIALIZED`` of initcheck.
            Inside a kernel also ``MISALIGNED`` or ``OVERWRITTEN`` of memcheck, and ``NEVER_SET``,
            ``NEVER_WAITED`` or ``SET_TWICE`` of synccheck; races by the order of instructions.
        space: the memory that it is about: ``GM``, the device's; a core's ``UB``, ``L1``, ``L0A``,
            ``L0B``, ``L0C``, ``BT`` or ``FB``; ``""`` of synccheck.
        tasks: ids, the lower one first: two of racecheck, one of the others; of findings inside a
            kernel the first task that shows them.
        kernels: the tasks' kernels.
        sources: the lines that access the bytes; None where a line is unknown.
        submissions: the lines of the orchestration that add the tasks; None where a line is
            unknown, none of findings inside a kernel.
        access: ``read`` or ``write``, of memcheck and initcheck; ``""`` of racecheck.
        buffer: number of the device buffer that the bytes are in or next to, from 0 in the order of
            allocation; None if there is none.
        call: the call of device_malloc that made it, from 1.
        allocation: where that call stands in the orchestration.
        size: of the buffer, in bytes.
        tensor: the host tensor that the bytes are copied from or to; None if there is none.
        element: index of the first byte's element in that tensor; None where there is none.
        last_element: index of the last byte's.
        offset: of the first byte from the buffer's start; from the tensor's, of host memory.
        span: from the first byte to behind the last one.
        bytes: how many of those it is about.
        edge: the edge that is missing, from task to task; None where that is unknown.
        consequence: it may follow from another finding: another race's edge orders these tasks too,
            or an unordered task writes what is read here.
        count: how often it was found.
        writer: a task that writes the bytes, but that nothing orders before; of initcheck.
        core: what it is about inside a kernel; None between tasks.
        origin: where the buffer comes from, in words; "" without one.
        mend: what to write where, where that is known.
        witness: what the two orders of a race's tasks do to the outputs; None where that was not
            tried.
    """

    check: Check
    kind: str
    space: str
    tasks: tuple[int, ...]
    kernels: tuple[str, ...]
    sources: tuple[SourceLine | None, ...]
    access: str
    buffer: int | None
    call: int | None
    allocation: SourceLine | None
    size: int | None
    tensor: str | None
    element: tuple[int, ...] | None
    last_element: tuple[int, ...] | None
    offset: int
    span: int
    bytes: int
    edge: tuple[int, int] | None
    consequence: bool
    count: int = 1
    writer: int | None = None
    witness: Witness | None = None
    core: CoreDetails | None = None
    submissions: tuple[SourceLine | None, ...] = ()
    origin: str = ""
    mend: str = ""

    @property
    def is_race_of_tasks(self) -> bool:
        """Whether it is a race that an edge between two tasks mends."""
        return self.check == "racecheck" and self.core is None

    @property
    def likeness(self) -> tuple[Hashable, ...]:
        """What findings have in common of which a text tells one, and the number of the others."""
        return (
            *(self.check, self.kind, self.kernels, self.sources),
            *(self.tensor, self.consequence, self.space),
            self.core and (self.core.instructions, self.core.pipes),
        )


@frozen
class Suppression:
    """What leaves out findings.

    Attributes:
        kernels: the name of a kernel of which a task takes part, or those of both tasks, in either
            order. A task that writes, unordered, what another one reads uninitialised takes part.
        reason: why the findings are no problem; it is shown.
        check: that has found them; None for any.
        tensor: host tensor that they are about; None for any, and for none.
        path: kernel_config.py that it stands in; None where it is one of the session's.

    Raises:
        ValueError: saying what is accepted.
    """

    kernels: tuple[str, ...]
    reason: str
    check: Check | None = None
    tensor: str | None = None
    path: Path | None = None

    def __post_init__(self) -> None:
        """Checks it."""
        if self.check is not None and self.check not in CHECKS:
            raise ValueError(f"check must be {', '.join(CHECKS)} or all; got {self.check!r}")
        if not 1 <= len(self.kernels) <= MOST_KERNELS or not all(map(_is_text, self.kernels)):
            raise ValueError(
                f"kernels must be the name of a kernel or a pair of them; got {self.kernels!r}"
            )
        if self.tensor is not None and not _is_text(self.tensor):
            raise ValueError(f"tensor must be the name of a host tensor; got {self.tensor!r}")
        if not _is_text(self.reason):
            raise ValueError(
                f"reason must say why the findings are no problem; got {self.reason!r}"
            )

    def __str__(self) -> str:
        """``racecheck QK SF out``, as in the ini file."""
        kernels = self.kernels
        if self.tensor is not None and len(kernels) < MOST_KERNELS:
            kernels = (*kernels, ANY_KERNEL)
        return " ".join([self.check or "all", *kernels, *([self.tensor] if self.tensor else [])])

    def leaves_out(self, check: Check, kernels: tuple[str, ...], tensor: str | None) -> bool:
        """Whether it is about findings of a check, in a tensor, of tasks of these kernels."""
        if self.check not in {None, check} or self.tensor not in {None, tensor}:
            return False
        if len(self.kernels) == 1:
            return self.kernels[0] in kernels
        return sorted(self.kernels) == sorted(kernels)


@frozen
class Suppressed:
    """How many findings of a case a suppression has left out; 0 of one that could have."""

    suppression: Suppression
    findings: int


@frozen
class SanitizerReport:
    """What a sanitized case looked at and found.

    Attributes:
        checks: that were made.
        tasks: that were executed.
        accesses: of device memory, that were recorded.
        bytes: of device memory that they were of, counted once for each task.
        blind_bytes: of those, how many changed without a recorded access: by inline assembly, or in
            a library that is not instrumented. They count as written.
        instructions: of cores, in kernels on PTO ISA, that were looked at.
        undecided: tasks that read bytes which nobody wrote, with what effect is unknown.
        exchanging: tasks that exchange something with others that run together with them: races
            between these, their undefined reads and what their cores do after a wait are not
            looked at.
        suppressed: findings that kernel_config.py or the session leaves out.
        total: findings, those left out aside; at most 100,000 are listed.
        findings: that are listed.
        suppressions: those that could leave out findings of the case, and how many each did.
    """

    checks: tuple[Check, ...]
    tasks: int
    accesses: int
    bytes: int
    blind_bytes: int
    instructions: int
    undecided: int
    exchanging: int
    suppressed: int
    total: int
    findings: tuple[Finding, ...]
    suppressions: tuple[Suppressed, ...] = ()


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
