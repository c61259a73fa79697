"""What the sanitizer says about one case, and who is to blame where its outputs do not match."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.failures.buffers import Buffers
from pytest_a2a3sim.failures.findings import report_of
from pytest_a2a3sim.model.errors import (
    A2A3SimError,
    Mismatch,
    OrderDependence,
    SanitizerError,
)
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.model.settings import Settings
from pytest_a2a3sim.reporting.blame_text import blame_lines
from pytest_a2a3sim.reporting.sanitizer_text import finding_lines, missing_edge_lines
from pytest_a2a3sim.reporting.text import verdict_line
from pytest_a2a3sim.running.blame import blame, questions_of
from pytest_a2a3sim.running.options import options_of
from pytest_a2a3sim.running.run import CaseSetup, run_silently
from pytest_a2a3sim.running.trace import data_flow_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_a2a3sim.model.case import BuiltCase, Instrumentation
    from pytest_a2a3sim.model.lines import Line
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.sanitizer import SanitizerReport, Suppression


class Sanitizing:
    """Looks at one case that ran to its end.

    Args:
        setup: of its first run.
        build: makes the case's objects.
        suppressions: leave out findings.
    """

    def __init__(
        self,
        setup: CaseSetup,
        build: Callable[[Instrumentation], BuiltCase],
        suppressions: tuple[Suppression, ...],
    ) -> None:
        self._setup = setup
        self._build = build
        self._suppressions = suppressions

    def report(self, completion: Completion) -> SanitizerReport | None:
        """What was found; None if the run was not sanitized.

        Optimised code may read more than its source does, whole vectors for one. Only what code
        that tells exactly shows in a second run is found.
        """
        report = self._report_of(self._setup, completion)
        if report is None or report.total == 0:
            return report
        exact = self._build("exact")
        if exact.paths == self._setup.built.paths:
            return report
        setup = replace(self._setup, built=exact)
        with HostMemory(setup.inputs) as memory:
            again = run_silently(setup, memory)
        return report if isinstance(again, Failure) else self._report_of(setup, again)

    def _report_of(self, setup: CaseSetup, completion: Completion) -> SanitizerReport | None:
        checks, tensors = setup.options.checks, setup.inputs.tensors
        return report_of(completion, checks, setup.built, tensors, self._suppressions)

    def missing_edges(self) -> tuple[Line, ...]:
        """What nothing orders, in a case whose outputs depend on the order of its tasks."""
        options = options_of(Settings(sanitize=("racecheck",)), self._setup.options.block_dim)
        first = self._setup.options
        options = replace(options, memory=first.memory, core_memory=first.core_memory)
        try:
            setup = replace(self._setup, built=self._build("exact"), options=options)
            with HostMemory(setup.inputs) as memory:
                ended = run_silently(setup, memory)
        except A2A3SimError:
            return missing_edge_lines(None)
        report = None if isinstance(ended, Failure) else self._report_of(setup, ended)
        return missing_edge_lines(report)

    def blamed(self, result: CaseResult) -> tuple[Line, ...]:
        """Which tasks the first and the worst mismatch of each output come from."""
        questions = questions_of(result.diffs, self._setup.inputs.tensors)
        setup = replace(self._setup, built=self._build("exact"))
        data = data_flow_of(setup, [(asked.tensor, asked.offset) for asked in questions])
        if data is None:
            return ()
        names = {kernel.spec.func_id: kernel.spec.name for kernel in setup.built.kernels}
        kernels = [names[func_id] for func_id in result.recording.func_ids.tolist()]
        return blame_lines(blame(questions, data), kernels, Buffers(data, setup.built))


def sanitizer_error(result: CaseResult, report: SanitizerReport) -> SanitizerError:
    """What was found, and then what the comparison says of the outputs."""
    if isinstance(result.failure, Mismatch):
        compared = result.failure.lines
    else:
        compared = tuple(line(verdict_line(diff)) for diff in result.diffs)
    return SanitizerError((*finding_lines(report), line(""), *compared), report)


def with_lines(failure: A2A3SimError | None, more: tuple[Line, ...]) -> A2A3SimError | None:
    """The failure, and what else there is to say about it."""
    if isinstance(failure, SanitizerError):
        return SanitizerError((*failure.lines, *more), failure.report)
    if isinstance(failure, Mismatch):
        return type(failure)((*failure.lines, *more), failure.diffs, failure.summary)
    if isinstance(failure, OrderDependence):
        text = "\n".join([str(failure), *map(str, more)])
        return OrderDependence(text, failure.differences)
    return failure
