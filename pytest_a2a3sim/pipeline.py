"""One case from golden.py to its comparison: the whole flow, and every run that it needs."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.diagnose.diagnosis import diagnose
from pytest_a2a3sim.comparing.orders import OrderComparison, with_actual
from pytest_a2a3sim.comparing.unwritten import find_not_copied, find_suspects, find_unwritten
from pytest_a2a3sim.comparing.vacuous import find_vacuous
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.failures.explain import error_of
from pytest_a2a3sim.failures.findings import report_of
from pytest_a2a3sim.loading.comparison import choose_compared
from pytest_a2a3sim.loading.inputs import compute_expected, make_inputs
from pytest_a2a3sim.model.diff import Pair
from pytest_a2a3sim.model.errors import (
    A2A3SimError,
    Mismatch,
    OrderDependence,
    SanitizerError,
    UnwrittenOutput,
)
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.model.result import Attempt, CaseFacts, CaseResult
from pytest_a2a3sim.reporting.sanitizer_text import finding_lines
from pytest_a2a3sim.reporting.text import (
    chance_lines,
    mismatch_lines,
    order_text,
    unwritten_lines,
    verdict_line,
)
from pytest_a2a3sim.running.options import options_of
from pytest_a2a3sim.running.orders import run_in_order, runs_in_orders
from pytest_a2a3sim.running.profile import profile_of
from pytest_a2a3sim.running.replay import pinpoint, with_other_poison
from pytest_a2a3sim.running.run import CaseSetup, finish, started
from pytest_a2a3sim.running.time_limit import TimeLimit
from pytest_a2a3sim.witness import WitnessTrials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.building.builder import Builder
    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs, Expected
    from pytest_a2a3sim.model.diff import OrderDifference
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.sanitizer import SanitizerReport
    from pytest_a2a3sim.model.settings import Schedule, Settings
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.running.orders import OrderRun


class Progress(Protocol):
    """Listens to what a case is about to do."""

    def building(self, golden: GoldenSpec) -> None:
        """Its sources are about to be compiled."""

    def running(self, case: CaseSpec) -> None:
        """Its graph is about to be built and run."""


def attempt_case(
    golden: GoldenSpec,
    case: CaseSpec,
    settings: Settings,
    builder: Builder,
    progress: Progress | None = None,
) -> Attempt:
    """Builds, simulates and compares one case."""
    attempt = _Attempt(golden, case, settings)
    try:
        built = attempt.build(builder, progress)
        return attempt.run(built, progress)
    except A2A3SimError as error:
        return attempt.failed(error)


class _Attempt:
    """What is known of a case while it goes through its stages."""

    def __init__(self, golden: GoldenSpec, case: CaseSpec, settings: Settings) -> None:
        self._golden = golden
        self._case = case
        self._settings = settings
        self._limit = TimeLimit(None)
        self._inputs: CaseInputs | None = None
        self._facts = CaseFacts()
        self._seconds: dict[str, float] = {}

    def failed(self, error: A2A3SimError) -> Attempt:
        """The attempt of a case whose outputs could not be compared."""
        return Attempt(self._facts_now(), self._inputs, error=error.with_traceback(None))

    def build(self, builder: Builder, progress: Progress | None) -> BuiltCase:
        """Builds the case's sources."""
        golden = self._golden
        if progress is not None:
            progress.building(golden)
        with self._phase("build"):
            built = builder.build(
                golden.config,
                f"{golden.path.parent.name}: {self._case.name}",
                instrumented=bool(self._settings.sanitize),
            )
        self._facts = CaseFacts(
            compiled=built.compiled,
            cache_hits=built.cache_hits,
            schedule=self._settings.schedule,
        )
        return built

    def run(self, built: BuiltCase, progress: Progress | None) -> Attempt:
        """Makes the inputs, simulates, and compares."""
        settings = self._settings
        self._limit = TimeLimit(settings.timeout)
        with self._phase("inputs"), self._limit.interrupting():
            inputs = self._inputs = make_inputs(self._golden, self._case)
        if progress is not None:
            progress.running(self._case)
        options = options_of(settings, self._golden.config.runtime.block_dim)
        setup = CaseSetup(built, inputs, options)
        with HostMemory(inputs) as memory:
            expected, completion = self._simulate(setup, memory)
            return self._compare(setup, memory, expected, completion)

    def _simulate(self, setup: CaseSetup, memory: HostMemory) -> tuple[Expected, Completion]:
        with started(setup, memory) as run:
            with self._phase("golden"), self._limit.interrupting():  # while the process is at work
                expected = compute_expected(self._golden, self._case, setup.inputs)
            ended = finish(run, self._limit)
        self._facts = replace(self._facts, peak_rss_bytes=ended.peak_rss_bytes, graph=ended.graph)
        self._seconds |= ended.phases
        if isinstance(ended, Failure):
            ended, note = pinpoint(ended, setup)
            raise error_of(ended, setup.built, setup.options.schedule, note)
        return expected, ended

    def _compare(
        self, setup: CaseSetup, memory: HostMemory, expected: Expected, completion: Completion
    ) -> Attempt:
        golden, inputs = self._golden, setup.inputs
        threads = self._settings.comparing_threads
        pairs = [
            Pair(
                inputs.tensors[name],
                actual=memory.bytes_of(name),
                expected=expected.raw[name],
                tolerance=golden.tolerances.of(name),
            )
            for name in inputs.outputs
        ]
        with self._phase("compare"):
            with self._limit.interrupting():
                compared = choose_compared(golden, self._case, pairs)
            diffs = tuple(diagnose(pair, compare(pair, threads), threads) for pair in compared)
            wrong = [pair for pair, diff in zip(compared, diffs, strict=True) if not diff.passed]
            suspects = find_suspects(compared, diffs, completion.copied)
            again = with_other_poison(setup) if suspects else None
            unwritten = (
                *find_not_copied(compared, diffs, completion.copied),
                *find_unwritten(suspects, again),
            )
        result = CaseResult(
            golden=golden.path,
            case=self._case.name,
            params=self._case.params,
            actual={pair.tensor.name: pair.tensor.revive(pair.actual) for pair in pairs},
            expected={pair.tensor.name: pair.tensor.revive(pair.expected) for pair in pairs},
            diffs=diffs,
            graph=completion.graph,
            recording=completion.recording,
            facts=self._facts_now(),
            analyse=profile_of,
            findings=find_vacuous(compared, inputs, expected, completion),
            unwritten=unwritten,
            sanitizer=self._sanitizer_report(setup, completion, pairs),
        )
        orders = _Orders(setup, compared, golden)
        if wrong:
            matching = orders.matching() if _is_quick(completion, setup) else None
            result = replace(result, failure=_mismatch_of(result, inputs, matching))
        elif unwritten:
            lines = (*unwritten_lines(unwritten), *chance_lines(result))
            result = replace(result, failure=UnwrittenOutput(lines, diffs))
        elif completion.order_matters:
            failure, finding = orders.dependence()
            findings = (*result.findings, finding) if finding else result.findings
            result = replace(result, failure=failure, findings=findings)
        if result.sanitizer is not None and result.sanitizer.total > 0:
            result = replace(result, failure=_sanitizer_error(result, result.sanitizer))
        return Attempt(result.facts, inputs, result, result.failure)

    def _sanitizer_report(
        self, setup: CaseSetup, completion: Completion, pairs: Sequence[Pair]
    ) -> SanitizerReport | None:
        if completion.sanitized is None:
            return None
        tensors, func_ids = setup.inputs.tensors, completion.recording.func_ids
        checks = setup.options.checks
        report = report_of(completion.sanitized, checks, setup.built, tensors, func_ids)
        if not self._settings.witness:
            return report
        trials = WitnessTrials(self._golden, self._case, setup, pairs, self._limit)
        return trials.with_witnesses(report)

    def _facts_now(self) -> CaseFacts:
        return replace(self._facts, phases=dict(self._seconds))

    @contextlib.contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[name] = time.perf_counter() - start


class _Orders:
    """The runs of a case in further orders, and what they show."""

    def __init__(self, setup: CaseSetup, pairs: Sequence[Pair], golden: GoldenSpec) -> None:
        self._setup = setup
        self._pairs = pairs
        self._comparison = OrderComparison(pairs, golden.order_dependent)

    def matching(self) -> Schedule | None:
        """The first order in which every output matches what is expected."""
        for run in runs_in_orders(self._setup):
            if run.outputs is not None and all(
                compare(with_actual(pair, run.outputs[pair.tensor.name])).passed
                for pair in self._pairs
            ):
                return run.schedule
        return None

    def dependence(self) -> tuple[A2A3SimError | None, str | None]:
        """The failure of a case whose outputs depend on the order, or a remark about it.

        A first run has shown that they may.
        """
        first: OrderRun | None = None
        for run in runs_in_orders(self._setup):
            first = first or run
            if _hangs(run):  # tasks may wait for others, which run beside them on more threads
                continue
            if run.failure is not None:
                same_as_before = run is first and self._setup.options.threads == 1
                if same_as_before or not self._is_repeated(run):
                    return None, _not_deterministic(run)
                return self._failure_of(run, run.failure), None
            found = self._differences(first, run)
            for one in (first, run) if found else ():
                if not self._is_repeated(one):
                    return None, _not_deterministic(one)
            if found:
                return OrderDependence(order_text(found), found), None
        return None, None

    def _is_repeated(self, run: OrderRun) -> bool:
        again = run_in_order(self._setup, run.schedule)
        if again.failure is not None or run.failure is not None:
            return _kind_of(again) == _kind_of(run)
        return not self._differences(run, again)

    def _differences(self, one: OrderRun, other: OrderRun) -> tuple[OrderDifference, ...]:
        if one.outputs is None or other.outputs is None:
            return ()
        orders = (one.schedule, other.schedule)
        return self._comparison.differences(orders, one.outputs, other.outputs)

    def _failure_of(self, run: OrderRun, failure: Failure) -> A2A3SimError:
        note = (
            f"In the order {self._setup.options.schedule} the graph runs to its end: tasks depend "
            "on an order that the graph does not have."
        )
        return error_of(failure, self._setup.built, run.schedule, note)


def _kind_of(run: OrderRun) -> str | None:
    return None if run.failure is None else run.failure.ending.failure


def _hangs(run: OrderRun) -> bool:
    return _kind_of(run) == "kernel_hang"


def _not_deterministic(run: OrderRun) -> str:
    return (
        f"two runs in one and the same order ({run.schedule}) end differently: a kernel is not "
        "deterministic"
    )


def _is_quick(completion: Completion, setup: CaseSetup) -> bool:
    """Whether a case may be executed in further orders."""
    limit = setup.options.order_seconds
    return bool(setup.options.orders) and (limit is None or completion.phases["execute"] <= limit)


def _sanitizer_error(result: CaseResult, report: SanitizerReport) -> SanitizerError:
    """What was found, and then what the comparison says of the outputs."""
    if isinstance(result.failure, Mismatch):
        compared = result.failure.lines
    else:
        compared = tuple(line(verdict_line(diff)) for diff in result.diffs)
    return SanitizerError((*finding_lines(report), line(""), *compared), report)


def _mismatch_of(
    result: CaseResult, inputs: CaseInputs, matching_order: Schedule | None
) -> Mismatch:
    lines = mismatch_lines(result, inputs, matching_order)
    if result.unwritten:
        unwritten = (*unwritten_lines(result.unwritten), line(""))
        return UnwrittenOutput((*unwritten, *lines), result.diffs)
    return Mismatch(lines, result.diffs)
