"""One case from golden.py to its verdict: the whole flow.

What only a case needs that is not simply right, or one that options ask more of, is imported for
such a case: :mod:`pytest_a2a3sim.rerunning.closer`.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.unwritten import find_not_copied, find_suspects, proven
from pytest_a2a3sim.comparing.vacuous import find_vacuous
from pytest_a2a3sim.engine.array_memory import arrays_to_share
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.loading.case_data import CaseData
from pytest_a2a3sim.loading.comparison import choose_compared, without_dont_care
from pytest_a2a3sim.loading.defaults import defaults_of
from pytest_a2a3sim.loading.fixtures import check_bound
from pytest_a2a3sim.loading.runtime_config import check_fits
from pytest_a2a3sim.loading.tolerances import check_names
from pytest_a2a3sim.model.diff import Pair
from pytest_a2a3sim.model.errors import A2A3SimError, Mismatch
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.phases import Phases
from pytest_a2a3sim.model.result import Attempt, CaseFacts, CaseResult
from pytest_a2a3sim.running.options import options_of
from pytest_a2a3sim.running.run import CaseSetup, await_outputs, finish, started
from pytest_a2a3sim.running.time_limit import TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from pytest_a2a3sim.building.builder import Builder
    from pytest_a2a3sim.model.case import BuiltCase, Expected, Instrumentation
    from pytest_a2a3sim.model.diff import TensorDiff
    from pytest_a2a3sim.model.dump import Dump
    from pytest_a2a3sim.model.profile import Profile
    from pytest_a2a3sim.model.progress import Listeners, Progress
    from pytest_a2a3sim.model.recording import Completion, Recording
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec


def attempt_case(
    golden: GoldenSpec,
    case: CaseSpec,
    settings: Settings,
    builder: Builder,
    listeners: Listeners,
) -> Attempt:
    """Builds, simulates and compares one case."""
    attempt = _Attempt(golden, case, settings, listeners)
    progress = listeners.progress
    try:
        check_bound(golden)
        built = attempt.build(builder, progress)
        return attempt.run(built, progress)
    except A2A3SimError as error:
        return attempt.failed(error)


_MOST_BESIDE_OTHERS = 256 << 20  # bytes: of a process that may still end while the next case begins


@frozen
class _Compared:
    """All outputs of a run, those that were compared, how, and golden.py's own objection."""

    expected: Expected
    pairs: Sequence[Pair]
    compared: Sequence[Pair]
    diffs: tuple[TensorDiff, ...]
    refused: Mismatch | None


class _Attempt:
    """What is known of a case while it goes through its stages."""

    def __init__(
        self,
        golden: GoldenSpec,
        case: CaseSpec,
        settings: Settings,
        listeners: Listeners,
    ) -> None:
        self._golden = golden
        self._report_run = listeners.report_run
        self._between = between = listeners.between
        self._last_steps = contextlib.ExitStack() if between is None else between.last_steps
        self._case = case
        self._settings = settings
        self._limit = TimeLimit(settings.timeout)
        self._phases = Phases()
        sharing = partial(arrays_to_share, settings.comparing_threads)
        self._data = CaseData(golden, case, self._phases, self._limit.interrupting, sharing)
        self._facts = CaseFacts()
        self._build: Callable[[Instrumentation], BuiltCase]

    def failed(self, error: A2A3SimError) -> Attempt:
        """The attempt of a case whose outputs could not be compared."""
        return Attempt(self._facts_now(), self._data.made, error=error.with_traceback(None))

    def build(self, builder: Builder, progress: Progress | None) -> BuiltCase:
        """Builds the case's sources."""
        golden = self._golden
        check_fits(golden.config, self._settings.platform_of(golden.config))
        title = f"{golden.path.parent.name}: {self._case.name}"
        if progress is not None:
            progress.building(golden)
        if self._settings.golden_cache:
            self._data.store = builder.goldens()
        # A time limit counts the data and not the compilers: with one, they are not made together.
        ahead = iter(()) if self._settings.timeout is not None else self._data.ahead()
        with self._phases.phase("build"):
            # Nothing here refers to the attempt: a circle would keep its tensors until Python
            # happens to collect it, dozens of cases later.
            self._build = lambda instrumentation: builder.build(
                golden.config, title, instrumentation
            )
            first: Instrumentation = "fast" if self._settings.sanitize else "none"
            built = builder.build(golden.config, title, first, meanwhile=ahead)
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
        self._limit.restart()
        inputs = self._data.inputs()
        if progress is not None:
            progress.running(self._case)
        config = self._golden.config
        options = options_of(settings, config.runtime.block_dim, settings.platform_of(config))
        setup = CaseSetup(built, inputs, options)
        self._last_steps.close()  # of the case before
        try:
            threads = settings.comparing_threads
            with HostMemory(inputs, self._between, settings.isolate, threads) as memory:
                compared, completion = self._simulate(setup, memory)
                memory.drop_inputs()
                return self._judge(setup, memory, compared, completion)
        finally:
            if self._between is None or (self._facts.peak_rss_bytes or 0) > _MOST_BESIDE_OTHERS:
                self._last_steps.close()

    def _simulate(self, setup: CaseSetup, memory: HostMemory) -> tuple[_Compared, Completion]:
        with self._keeping(setup) as first, started(first, memory, self._last_steps) as run:
            lender = memory if setup.options.isolate else None
            expected = self._data.expected(setup.inputs, lender)  # while the process is at work
            names = (*setup.inputs.tensors, *expected.intermediates)
            check_names(self._golden, self._case, names)
            compared = None
            has_outputs = await_outputs(run, self._limit, self._report_run)
            # What golden.py prints while it compares comes behind what the case prints.
            if has_outputs and self._golden.compare_outputs is None:
                compared = self._compare(setup, memory, expected)  # while other orders are executed
            ended = finish(run, self._limit)
            dump = self._save_dump(first, ended)
        self._facts = replace(
            self._facts,
            golden_cache=self._data.origin,
            peak_rss_bytes=ended.peak_rss_bytes,
            graph=ended.graph,
            dump=dump,
        )
        self._phases.seconds |= ended.phases
        if isinstance(ended, Failure):
            from pytest_a2a3sim.rerunning.closer import error_of_run  # noqa: PLC0415 - see the head

            raise error_of_run(ended, setup)
        begun = ended.started
        for name, seconds in ended.phases.items():
            self._phases.starts[name] = begun
            begun += seconds
        return compared or self._compare(setup, memory, expected), ended

    def _keeping(self, setup: CaseSetup) -> AbstractContextManager[CaseSetup]:
        if self._settings.dump is None:
            return contextlib.nullcontext(setup)
        from pytest_a2a3sim.running.dump import keeping  # noqa: PLC0415 - only on demand

        return keeping(setup, self._settings)

    def _save_dump(self, setup: CaseSetup, ended: Completion | Failure) -> Dump | None:
        if self._settings.dump is None or setup.options.dump is None or ended.dump is None:
            return None
        from pytest_a2a3sim.rerunning.closer import save_dump  # noqa: PLC0415 - only on demand

        return save_dump(self._golden, self._case, self._settings, setup, ended)

    def _compare(self, setup: CaseSetup, memory: HostMemory, expected: Expected) -> _Compared:
        golden, inputs = self._golden, setup.inputs
        pairs = [
            Pair(
                tensor,
                actual=memory.bytes_of(tensor.name),
                expected=expected.raw[tensor.name],
                tolerance=golden.tolerances.of(tensor.name, tensor.dtype),
            )
            for tensor in (inputs.tensors[name] for name in inputs.outputs)
        ]
        with self._phases.phase("compare"):
            refused = None
            try:
                with self._limit.interrupting():
                    compared = choose_compared(golden, self._case, without_dont_care(golden, pairs))
            except Mismatch as error:  # of compare_outputs: the sanitizer has its say nevertheless
                compared, refused = [], error.with_traceback(None)
            diffs = tuple(compare(pair, self._settings.comparing_threads) for pair in compared)
        return _Compared(expected, pairs, compared, diffs, refused)

    def _judge(
        self, setup: CaseSetup, memory: HostMemory, outputs: _Compared, completion: Completion
    ) -> Attempt:
        golden, inputs = self._golden, setup.inputs
        expected, compared, diffs = outputs.expected, outputs.compared, outputs.diffs
        tensors = [pair.tensor for pair in outputs.pairs]
        is_wrong = not all(diff.passed for diff in diffs)
        with self._phases.phase("compare"):
            suspects = find_suspects(compared, diffs, completion.copied)
            unwritten = tuple(find_not_copied(compared, diffs, completion.copied))
            if is_wrong:
                from pytest_a2a3sim.rerunning.closer import diagnosed  # noqa: PLC0415 - see the head

                diffs = diagnosed(compared, diffs, self._settings.comparing_threads)
            if suspects:
                from pytest_a2a3sim.rerunning.poison import examine  # noqa: PLC0415 - see the head

                unwritten += tuple(examine(suspects, setup, completion))
                diffs = proven(diffs, unwritten)
        look = None
        if (
            is_wrong
            or unwritten
            or completion.order_matters
            or expected.intermediates
            or self._settings.sanitize
        ):
            from pytest_a2a3sim.rerunning.closer import CloserLook, Ran  # noqa: PLC0415 - see the head

            ran = Ran(
                golden, self._case, self._settings, setup, self._build, self._limit, completion
            )
            look = CloserLook(ran, outputs.pairs, compared, is_wrong=is_wrong, unwritten=unwritten)
            look.run(expected.intermediates)
        result = CaseResult(
            golden=golden.path,
            case=self._case.name,
            params=self._case.params,
            actual={tensor.name: tensor.revive(memory.keep(tensor.name)) for tensor in tensors},
            expected={name: inputs.tensors[name].revive(raw) for name, raw in expected.raw.items()},
            diffs=diffs,
            graph=completion.graph,
            recording=completion.recording,
            facts=self._facts_now(),
            analyse=_profile_of,
            findings=find_vacuous(compared, inputs, expected, completion),
            notes=expected.notes,
            defaults=defaults_of(golden, inputs),
            unwritten=unwritten,
            sanitizer=None if look is None else look.report,
            rings=completion.rings,
            dependencies=completion.dependencies,
            critical_tasks=_critical_tasks(completion.recording, self._settings),
            failure=outputs.refused,
        )
        if look is not None:
            result = look.judged(result, inputs)
        return Attempt(result.facts, inputs, result, result.failure)

    def _facts_now(self) -> CaseFacts:
        phases = self._phases
        return replace(self._facts, phases=dict(phases.seconds), starts=dict(phases.starts))


def _critical_tasks(recording: Recording, settings: Settings) -> int | None:
    if not settings.records_dependencies:
        return None
    from pytest_a2a3sim.running.profile import critical_tasks  # noqa: PLC0415 - only on demand

    return critical_tasks(recording)


def _profile_of(*args: Any) -> Profile:
    from pytest_a2a3sim.running.profile import profile_of  # noqa: PLC0415 - only on demand

    return profile_of(*args)
