"""A closer look at a case: one that is not simply right, or as options ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.comparing.diagnose.diagnosis import diagnose
from pytest_a2a3sim.failures.explain import error_of
from pytest_a2a3sim.model.errors import A2A3SimError, Mismatch, OrderDependence, UnwrittenOutput
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.intermediate import Intermediates
from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.reporting.brief import mismatch_summary
from pytest_a2a3sim.reporting.dump_files import Kept, label_of, save
from pytest_a2a3sim.reporting.text import mismatch_lines
from pytest_a2a3sim.reporting.unwritten_text import chance_lines, read_lines, unwritten_lines
from pytest_a2a3sim.rerunning.intermediates import Look, judged
from pytest_a2a3sim.rerunning.orders import Orders
from pytest_a2a3sim.rerunning.poison import find_unwritten_read
from pytest_a2a3sim.rerunning.sanitizing import Sanitizing, sanitizer_error, with_lines
from pytest_a2a3sim.rerunning.witness import WitnessTrials
from pytest_a2a3sim.running.dump import check_tasks
from pytest_a2a3sim.running.replay import pinpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs, Instrumentation
    from pytest_a2a3sim.model.diff import Pair, TensorDiff, Unwritten, UnwrittenRead
    from pytest_a2a3sim.model.dump import Dump
    from pytest_a2a3sim.model.failure import Failure
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.sanitizer import SanitizerReport
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.running.run import CaseSetup
    from pytest_a2a3sim.running.time_limit import TimeLimit


def error_of_run(failure: Failure, setup: CaseSetup) -> A2A3SimError:
    """What a case failed of that did not run to its end."""
    failure, note = pinpoint(failure, setup)
    return error_of(failure, setup.built, setup.options.schedule, note)


def save_dump(
    golden: GoldenSpec,
    case: CaseSpec,
    settings: Settings,
    setup: CaseSetup,
    ended: Completion | Failure,
) -> Dump | None:
    """Writes the files that ``--sim-dump`` asks for.

    Raises:
        SettingsError: a task was asked for that the graph does not have.
    """
    choice, request = settings.dump, setup.options.dump
    if choice is None or request is None or ended.dump is None:
        return None
    if ended.graph is not None:
        check_tasks(choice, ended.graph)
    kernels = {kernel.spec.func_id: kernel.spec.name for kernel in setup.built.kernels}
    kept = Kept(ended.dump, request.descriptor, setup.inputs.tensors, kernels)
    label = case.label or label_of(golden.path, case.name)
    return save(Path(settings.dump_dir).absolute(), label, kept)


def diagnosed(
    compared: Sequence[Pair], diffs: Sequence[TensorDiff], threads: int
) -> tuple[TensorDiff, ...]:
    """The comparisons, with what their mismatches look like."""
    return tuple(diagnose(pair, diff, threads) for pair, diff in zip(compared, diffs, strict=True))


@frozen
class Ran:
    """A case that ran to its end."""

    golden: GoldenSpec
    case: CaseSpec
    settings: Settings
    setup: CaseSetup
    build: Callable[[Instrumentation], BuiltCase]
    limit: TimeLimit
    completion: Completion


class CloserLook:
    """Further runs of a case, and its verdict after them.

    Attributes:
        report: of the sanitizer, if it was asked.
    """

    def __init__(
        self,
        ran: Ran,
        pairs: Sequence[Pair],
        compared: Sequence[Pair],
        *,
        is_wrong: bool,
        unwritten: tuple[Unwritten, ...],
    ) -> None:
        """Runs nothing yet.

        Args:
            ran: the case.
            pairs: its outputs.
            compared: those that were compared.
            is_wrong: whether one of these does not match.
            unwritten: elements that nobody wrote.
        """
        self.report: SanitizerReport | None = None
        self._ran = ran
        self._pairs = pairs
        self._compared = compared
        self._is_wrong = is_wrong
        self._unwritten = unwritten
        self._orders = Orders(ran.setup, ran.completion, compared, ran.golden)
        known = (*ran.golden.config.suppressions, *ran.settings.suppressions)
        self._sanitizing = Sanitizing(ran.setup, ran.build, known)
        self._matching: Schedule | None = None
        self._read: UnwrittenRead | None = None
        self._intermediates = Intermediates()

    def run(self, intermediates: Mapping[str, Any]) -> None:
        """Makes the further runs. They have tensors of their own: results are copied afterwards."""
        ran = self._ran
        setup, completion = ran.setup, ran.completion
        quick = completion.quick and bool(setup.options.orders)
        if self._is_wrong and quick:
            self._matching = self._orders.matching()
        if (self._is_wrong or self._unwritten) and quick and self._matching is None:
            self._read = find_unwritten_read(self._compared, setup, completion)
        if intermediates:
            look = Look(ran.golden, ran.case, ran.settings, setup, ran.limit)
            self._intermediates = look.at(intermediates, completion.described)
        self.report = self._sanitizing.report(completion)
        if self.report is not None and ran.settings.witness:
            trials = WitnessTrials(ran.golden, ran.case, setup, self._pairs, ran.limit)
            self.report = trials.with_witnesses(self.report)

    def judged(self, result: CaseResult, inputs: CaseInputs) -> CaseResult:
        """The result with the failure that counts, and with what was found out about it."""
        ran = self._ran
        if self._is_wrong or self._unwritten:
            failure = _mismatch_of(result, inputs, self._matching, self._read)
            result = replace(result, failure=failure)
        elif ran.completion.order_matters and result.failure is None:
            dependence, finding = self._orders.dependence()
            findings = (*result.findings, finding) if finding else result.findings
            waiting = self._orders.waiting()
            notes = (*result.notes, waiting) if waiting else result.notes
            result = replace(result, failure=dependence, findings=findings, notes=notes)
        result = judged(result, self._intermediates)
        if self.report is not None and self.report.total > 0:
            result = replace(result, failure=sanitizer_error(result, self.report))
        if self._is_wrong and (ran.settings.sanitize or ran.settings.blame):
            lines = self._sanitizing.blamed(result)
            return replace(result, failure=with_lines(result.failure, lines))
        if self._matching is not None or isinstance(result.failure, OrderDependence):
            lines = self._sanitizing.missing_edges()
            return replace(result, failure=with_lines(result.failure, lines))
        return result


def _mismatch_of(
    result: CaseResult,
    inputs: CaseInputs,
    matching_order: Schedule | None,
    read: UnwrittenRead | None,
) -> Mismatch:
    matches = all(diff.passed for diff in result.diffs)
    lines = chance_lines(result) if matches else mismatch_lines(result, inputs, matching_order)
    # What another order of tasks mends is not left unwritten, but read or overwritten too early.
    unwritten = result.unwritten if matching_order is None else ()
    summary = mismatch_summary(result.diffs, unwritten, read, matching_order)
    nobody_wrote = (*read_lines(read), *unwritten_lines(unwritten))
    if not nobody_wrote:
        return Mismatch(lines, result.diffs, summary)
    apart = () if matches else (line(""),)
    return UnwrittenOutput((*nobody_wrote, *apart, *lines), result.diffs, summary)
