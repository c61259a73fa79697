"""One case from golden.py to its comparison: the whole flow, and every run that it needs."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.diagnose.diagnosis import diagnose
from pytest_a2a3sim.comparing.unwritten import find_not_copied, find_suspects, proven
from pytest_a2a3sim.comparing.vacuous import find_vacuous
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.failures.explain import error_of
from pytest_a2a3sim.loading.comparison import choose_compared, without_dont_care
from pytest_a2a3sim.loading.defaults import defaults_of
from pytest_a2a3sim.loading.expected import compute_expected
from pytest_a2a3sim.loading.fixtures import check_bound
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.loading.runtime_config import check_fits
from pytest_a2a3sim.loading.stored import stored_or_computed
from pytest_a2a3sim.loading.tolerances import check_names
from pytest_a2a3sim.model.diff import Pair
from pytest_a2a3sim.model.errors import A2A3SimError, Mismatch, OrderDependence, UnwrittenOutput
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.intermediate import Intermediates
from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.model.result import Attempt, CaseFacts, CaseResult
from pytest_a2a3sim.reporting.brief import mismatch_summary
from pytest_a2a3sim.reporting.dump_files import Kept, label_of, save
from pytest_a2a3sim.reporting.text import mismatch_lines
from pytest_a2a3sim.reporting.unwritten_text import chance_lines, read_lines, unwritten_lines
from pytest_a2a3sim.rerunning.intermediates import Look, judged
from pytest_a2a3sim.rerunning.orders import Orders
from pytest_a2a3sim.rerunning.poison import examine, find_unwritten_read
from pytest_a2a3sim.rerunning.sanitizing import Sanitizing, sanitizer_error, with_lines
from pytest_a2a3sim.rerunning.witness import WitnessTrials
from pytest_a2a3sim.running.dump import check_tasks, keeping
from pytest_a2a3sim.running.options import options_of
from pytest_a2a3sim.running.profile import profile_of
from pytest_a2a3sim.running.replay import pinpoint
from pytest_a2a3sim.running.run import CaseSetup, finish, started
from pytest_a2a3sim.running.time_limit import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_a2a3sim.building.builder import Builder
    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs, Expected, Instrumentation
    from pytest_a2a3sim.model.diff import UnwrittenRead
    from pytest_a2a3sim.model.dump import Dump
    from pytest_a2a3sim.model.progress import Listeners, Progress, RunProgress
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.uses import GoldenStore


def attempt_case(
    golden: GoldenSpec,
    case: CaseSpec,
    settings: Settings,
    builder: Builder,
    listeners: Listeners,
) -> Attempt:
    """Builds, simulates and compares one case."""
    attempt = _Attempt(golden, case, settings, listeners.report_run)
    progress = listeners.progress

    try:
        check_bound(golden)
        built = attempt.build(builder, progress)
        return attempt.run(built, progress)
    except A2A3SimError as error:
        return attempt.failed(error)


class _Attempt:
    """What is known of a case while it goes through its stages."""

    def __init__(
        self,
        golden: GoldenSpec,
        case: CaseSpec,
        settings: Settings,
        report_run: Callable[[RunProgress | None], None] | None,
    ) -> None:
        self._golden = golden
        self._report_run = report_run
        self._case = case
        self._settings = settings
        self._limit = TimeLimit(None)
        self._inputs: CaseInputs | None = None
        self._facts = CaseFacts()
        self._seconds: dict[str, float] = {}
        self._starts: dict[str, float] = {}
        self._build: Callable[[Instrumentation], BuiltCase]
        self._goldens: GoldenStore | None = None

    def failed(self, error: A2A3SimError) -> Attempt:
        """The attempt of a case whose outputs could not be compared."""
        return Attempt(self._facts_now(), self._inputs, error=error.with_traceback(None))

    def build(self, builder: Builder, progress: Progress | None) -> BuiltCase:
        """Builds the case's sources."""
        golden = self._golden
        check_fits(golden.config, self._settings.platform_of(golden.config))
        title = f"{golden.path.parent.name}: {self._case.name}"
        if progress is not None:
            progress.building(golden)
        with self._phase("build"):
            # Nothing here refers to the attempt: a circle would keep its tensors until Python
            # happens to collect it, dozens of cases later.
            self._build = lambda instrumentation: builder.build(
                golden.config, title, instrumentation
            )
            built = self._build("fast" if self._settings.sanitize else "none")
        if self._settings.golden_cache:
            self._goldens = builder.goldens()
        self._facts = CaseFacts(
            compiled=built.compiled,
            cache_hits=built.cache_hits,
            schedule=self._settings.schedule,
            compiler=built.compiler,
            objects=built.digests,
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
        config = self._golden.config
        options = options_of(settings, config.runtime.block_dim, settings.platform_of(config))
        setup = CaseSetup(built, inputs, options)
        with HostMemory(inputs) as memory:
            expected, completion = self._simulate(setup, memory)
            return self._compare(setup, memory, expected, completion)

    def _simulate(self, setup: CaseSetup, memory: HostMemory) -> tuple[Expected, Completion]:
        with keeping(setup, self._settings) as first, started(first, memory) as run:
            with self._phase("golden"), self._limit.interrupting():  # while the process is at work
                expected = self._expected(setup.inputs)
            names = (*setup.inputs.tensors, *expected.intermediates)
            check_names(self._golden, self._case, names)
            ended = finish(run, self._limit, self._report_run)
            dump = self._save_dump(first, ended)
        self._facts = replace(
            self._facts, peak_rss_bytes=ended.peak_rss_bytes, graph=ended.graph, dump=dump
        )
        self._seconds |= ended.phases
        if isinstance(ended, Failure):
            ended, note = pinpoint(ended, setup)
            raise error_of(ended, setup.built, setup.options.schedule, note)
        begun = ended.started
        for name, seconds in ended.phases.items():
            self._starts[name] = begun
            begun += seconds
        return expected, ended

    def _expected(self, inputs: CaseInputs) -> Expected:
        if self._goldens is None:
            return compute_expected(self._golden, self._case, inputs)
        expected, origin = stored_or_computed(self._golden, self._case, inputs, self._goldens)
        self._facts = replace(self._facts, golden_cache=origin)
        return expected

    def _save_dump(self, setup: CaseSetup, ended: Completion | Failure) -> Dump | None:
        choice, request = self._settings.dump, setup.options.dump
        if choice is None or request is None or ended.dump is None:
            return None
        if ended.graph is not None:
            check_tasks(choice, ended.graph)
        kernels = {kernel.spec.func_id: kernel.spec.name for kernel in setup.built.kernels}
        kept = Kept(ended.dump, request.descriptor, setup.inputs.tensors, kernels)
        label = self._case.label or label_of(self._golden.path, self._case.name)
        return save(Path(self._settings.dump_dir).absolute(), label, kept)

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
                tolerance=golden.tolerances.of(name, inputs.tensors[name].dtype),
            )
            for name in inputs.outputs
        ]
        with self._phase("compare"):
            refused = None
            try:
                with self._limit.interrupting():
                    compared = choose_compared(golden, self._case, without_dont_care(golden, pairs))
            except Mismatch as error:  # of compare_outputs: the sanitizer has its say nevertheless
                compared, refused = [], error.with_traceback(None)
            diffs = tuple(diagnose(pair, compare(pair, threads), threads) for pair in compared)
            wrong = [pair for pair, diff in zip(compared, diffs, strict=True) if not diff.passed]
            suspects = find_suspects(compared, diffs, completion.copied)
            unwritten = (
                *find_not_copied(compared, diffs, completion.copied),
                *examine(suspects, setup, completion),
            )
            diffs = proven(diffs, unwritten)
        # Runs that look into a mismatch have tensors of their own: the result has its copies later.
        orders = Orders(setup, compared, golden)
        quick = completion.quick and bool(setup.options.orders)
        matching = orders.matching() if wrong and quick else None
        look = (wrong or unwritten) and quick and matching is None
        read = find_unwritten_read(compared, setup, completion) if look else None
        intermediates = Intermediates()
        if expected.intermediates:
            closer = Look(golden, self._case, self._settings, setup, self._limit)
            intermediates = closer.at(expected.intermediates, completion.described)
        known = (*golden.config.suppressions, *self._settings.suppressions)
        sanitizing = Sanitizing(setup, self._build, known)
        report = sanitizing.report(completion)
        if report is not None and self._settings.witness:
            trials = WitnessTrials(golden, self._case, setup, pairs, self._limit)
            report = trials.with_witnesses(report)
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
            notes=expected.notes,
            defaults=defaults_of(golden, inputs),
            unwritten=unwritten,
            sanitizer=report,
            rings=completion.rings,
            dependencies=completion.dependencies,
            failure=refused,
        )
        if wrong or unwritten:
            result = replace(result, failure=_mismatch_of(result, inputs, matching, read))
        elif completion.order_matters and refused is None:
            failure, finding = orders.dependence()
            findings = (*result.findings, finding) if finding else result.findings
            result = replace(result, failure=failure, findings=findings)
        result = judged(result, intermediates)
        if report is not None and report.total > 0:
            result = replace(result, failure=sanitizer_error(result, report))
        if wrong and (self._settings.sanitize or self._settings.blame):
            result = replace(result, failure=with_lines(result.failure, sanitizing.blamed(result)))
        elif matching is not None or isinstance(result.failure, OrderDependence):
            result = replace(result, failure=with_lines(result.failure, sanitizing.missing_edges()))
        return Attempt(result.facts, inputs, result, result.failure)

    def _facts_now(self) -> CaseFacts:
        return replace(self._facts, phases=dict(self._seconds), starts=dict(self._starts))

    @contextlib.contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        start = self._starts[name] = time.monotonic()
        try:
            yield
        finally:
            self._seconds[name] = time.monotonic() - start


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
