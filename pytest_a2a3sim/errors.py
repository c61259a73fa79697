"""Every way in which a case can fail, as one hierarchy.

Each class has a ``kind``, the machine-readable name of that way. The message's first line says
what happened and where; further lines give details and the next step.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.comparing.compare import TensorDiff
    from pytest_a2a3sim.running.failure import Place
    from pytest_a2a3sim.running.recording import Graph
    from pytest_a2a3sim.schedule import Schedule


@dataclass(frozen=True)
class CaseFacts:
    """What is known of a case that did not run to its end; the names are those of CaseResult.

    Attributes:
        graph: its size; None if it failed before its graph was built.
        phases: seconds by phase, of those it reached.
        peak_rss_bytes: most memory that the simulating process had resident.
        compiled: sources that were compiled for it.
        cache_hits: sources whose objects were there already.
        schedule: the order in which ready tasks were executed.
    """

    graph: Graph | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    peak_rss_bytes: int | None = None
    compiled: int | None = None
    cache_hits: int | None = None
    schedule: Schedule | None = None


class A2A3SimError(Exception):
    """Root of all errors of pytest-a2a3sim; ``facts`` tells how far a failed case came."""

    kind: ClassVar[str] = "error"
    facts: CaseFacts = CaseFacts()


class A2A3SimWarning(UserWarning):
    """Something about a case that is suspicious but does not fail it."""


class SettingsError(A2A3SimError):
    """An option, ini value or argument has no meaning."""

    kind = "settings-error"


class GoldenError(A2A3SimError):
    """golden.py or kernel_config.py is wrong, or raised an exception."""

    kind = "golden-error"


class BuildError(A2A3SimError):
    """A source is missing, did not compile, or lacks its entry symbol."""

    kind = "build-error"


class EngineError(A2A3SimError):
    """The engine could not start or watch the simulating process."""

    kind = "engine-error"


@dataclass(frozen=True)
class Culprit:
    """Where in the graph a case failed; what is unknown is None.

    Attributes:
        task: task id.
        func_id: the kernel's func_id.
        kernel: the kernel's name.
        core: core type and id, such as ``"AIV 17"``.
        source: source file at fault.
        line: line in it.
        buffer: number of the device buffer at fault, from 0 in the order of allocation.
        offset: of the access from that buffer's start, in bytes; negative before it.
    """

    task: int | None = None
    func_id: int | None = None
    kernel: str | None = None
    core: str | None = None
    source: str | None = None
    line: int | None = None
    buffer: int | None = None
    offset: int | None = None


class RunError(A2A3SimError):
    """The simulated case failed before its outputs could be compared."""

    def __init__(self, message: str, culprit: Culprit | None = None) -> None:
        super().__init__(message)
        self.culprit = culprit or Culprit()


class OrchestrationError(RunError):
    """The orchestration returned an error, crashed, hung, or misused device memory."""

    kind = "orchestration-error"


class GraphError(RunError):
    """The task graph is invalid: unknown task or kernel, wrong core type, cycle."""

    kind = "graph-error"


class KernelFault(RunError):  # noqa: N818 - a fault is the field's word for it
    """A kernel received a signal, or wrote outside of its buffers.

    Attributes:
        damage: where it wrote, if that was found out after the task had ended.
    """

    kind = "kernel-fault"

    def __init__(
        self, message: str, culprit: Culprit | None = None, damage: Place | None = None
    ) -> None:
        super().__init__(message, culprit)
        self.damage = damage


class KernelExit(RunError):  # noqa: N818 - names what the kernel did
    """A kernel ended the process."""

    kind = "kernel-exit"


class KernelException(RunError):  # noqa: N818 - names what the kernel did
    """A C++ exception left a kernel."""

    kind = "kernel-exception"


class KernelHang(RunError):  # noqa: N818 - a hang is the field's word for it
    """No task started or finished for too long, or the case exceeded its time limit."""

    kind = "kernel-hang"


class OutOfMemory(RunError):  # noqa: N818 - names the condition
    """The simulated device or the simulating process ran out of memory."""

    kind = "out-of-memory"


class UnwrittenOutput(A2A3SimError):  # noqa: N818 - names the condition
    """Elements of an output were never written by the device."""

    kind = "unwritten-output"

    def __init__(self, message: str, diffs: tuple[TensorDiff, ...]) -> None:
        super().__init__(message)
        self.diffs = diffs


class Mismatch(A2A3SimError):  # noqa: N818 - names the condition
    """At least one output differs from its expected values by more than is allowed."""

    kind = "mismatch"

    def __init__(self, message: str, diffs: tuple[TensorDiff, ...]) -> None:
        super().__init__(message)
        self.diffs = diffs


class VacuousGolden(A2A3SimError):  # noqa: N818 - names the condition
    """A case passed, but for a reason that would let a wrong kernel pass too (--sim-strict)."""

    kind = "vacuous-golden"
