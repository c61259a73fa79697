"""Every way in which a case can fail, as one hierarchy.

Each class has a ``kind``, the machine-readable name of that way. The message's first line says
what happened and where; further lines give details and the next step.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.lines import headline, short_headline

if TYPE_CHECKING:
    from pytest_a2a3sim.model.diff import OrderDifference, TensorDiff
    from pytest_a2a3sim.model.lines import Line
    from pytest_a2a3sim.model.sanitizer import SanitizerReport


class A2A3SimError(Exception):
    """Root of all errors of pytest-a2a3sim.

    Its text has a headline of at most 100 columns: what does not fit is the second line.

    Attributes:
        message: as it was raised, to be a part of another one.
    """

    kind: ClassVar[str] = "error"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        """The text that readers get."""
        first, separator, rest = self.message.partition("\n")
        return "\n".join(headline(first)) + separator + rest


class A2A3SimWarning(UserWarning):
    """Something about a case that is suspicious but does not fail it."""


class SettingsError(A2A3SimError):
    """An option, ini value or argument has no meaning."""

    kind = "settings-error"


class GoldenError(A2A3SimError):
    """golden.py or kernel_config.py is wrong, or raised an exception."""

    kind = "golden-error"


@frozen
class CompilerMessage:
    """An error that a compiler found.

    Attributes:
        file: as the compiler names it.
        line: in the file, from 1.
        text: what the compiler says about it, without the place.
    """

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        """``double.cpp:10: 'undeclared' was not declared in this scope``."""
        return f"{PurePath(self.file).name}:{self.line}: {self.text}"


class BuildError(A2A3SimError):
    """A source is missing, did not compile, or lacks its entry symbol.

    Attributes:
        messages: the errors that compilers found, in their order.
    """

    kind = "build-error"

    def __init__(self, message: str, messages: tuple[CompilerMessage, ...] = ()) -> None:
        super().__init__(message)
        self.messages = messages


class EngineError(A2A3SimError):
    """The engine could not start or watch the simulating process."""

    kind = "engine-error"


@frozen
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
    """A kernel received a signal, or wrote outside of its buffers."""

    kind = "kernel-fault"


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


class CorruptedState(RunError):  # noqa: N818 - names the condition
    """The case overwrote what the simulator keeps about it, so that its end is unknown."""

    kind = "corrupted-state"


class Mismatch(A2A3SimError):  # noqa: N818 - names the condition
    """At least one output differs from its expected values by more than is allowed.

    Args:
        lines: what there is to say about it; their text is the message.
        diffs: the comparison of each output.
        summary: the same in one short line; the first of ``lines`` unless given.
    """

    kind = "mismatch"

    def __init__(
        self, lines: tuple[Line, ...], diffs: tuple[TensorDiff, ...], summary: str = ""
    ) -> None:
        super().__init__("\n".join(map(str, lines)))
        self.lines = short_headline(lines)
        self.diffs = diffs
        self.summary = summary or str(self.lines[0])


class OrderDependence(A2A3SimError):  # noqa: N818 - names the condition
    """Outputs match, but depend on the order of tasks that the graph does not order.

    Attributes:
        differences: what differs, between which orders.
    """

    kind = "order"

    def __init__(self, message: str, differences: tuple[OrderDifference, ...]) -> None:
        super().__init__(message)
        self.differences = differences


class SanitizerError(A2A3SimError):
    """The sanitizer has found what would go wrong on a device, whether the outputs match or not.

    Attributes:
        lines: what there is to say about it; their text is the message.
        report: what was looked at and found.
    """

    kind = "sanitizer"

    def __init__(self, lines: tuple[Line, ...], report: SanitizerReport) -> None:
        super().__init__("\n".join(map(str, lines)))
        self.lines = short_headline(lines)
        self.report = report


class UnwrittenOutput(Mismatch):
    """Elements of an output do not match because the device never wrote them."""

    kind = "unwritten-output"


class Regression(A2A3SimError):  # noqa: N818 - names the condition
    """A case passed, but became worse than in the baseline (--sim-baseline with --sim-strict)."""

    kind = "regression"


class VacuousGolden(A2A3SimError):  # noqa: N818 - names the condition
    """A case passed, but for a reason that would let a wrong kernel pass too (--sim-strict)."""

    kind = "vacuous-golden"
