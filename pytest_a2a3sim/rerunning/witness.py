"""What a race does to the outputs: its case is run once more in either order of the two tasks.

The two orders differ in nothing but these tasks, so that no other race of the case has a part in
what differs between the runs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.orders import OrderComparison, largest_difference
from pytest_a2a3sim.failures.explain import error_of
from pytest_a2a3sim.loading.comparison import choose_compared
from pytest_a2a3sim.model.errors import EngineError, GoldenError, Mismatch
from pytest_a2a3sim.model.schedule import Schedule
from pytest_a2a3sim.model.witness import Witness, WitnessDifference, WitnessRun
from pytest_a2a3sim.running.orders import run_in_order

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.diff import Pair
    from pytest_a2a3sim.model.errors import A2A3SimError
    from pytest_a2a3sim.model.sanitizer import Finding, SanitizerReport
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.tensor import Bytes
    from pytest_a2a3sim.running.orders import OrderRun
    from pytest_a2a3sim.running.run import CaseSetup
    from pytest_a2a3sim.running.time_limit import TimeLimit

MOST_RACES = 8
"""Races of a case that are run in either order: a case with thousands of them stays quick."""


def races_to_try(findings: Sequence[Finding]) -> list[int]:
    """Indices of the races that are run in either order, of as many pairs of kernels as there are.

    Consequences of other races are none of them, and of races that look alike only the first is.
    """
    tries = list[tuple[int, int]]()
    seen = set[object]()
    of_kernels = Counter[tuple[str, ...]]()
    for number, finding in enumerate(findings):
        if not finding.is_race_of_tasks or finding.consequence or finding.likeness in seen:
            continue
        seen.add(finding.likeness)
        tries.append((of_kernels[finding.kernels], number))
        of_kernels[finding.kernels] += 1
    return [number for _, number in sorted(tries)[:MOST_RACES]]


class WitnessTrials:
    """Runs a case in either order of two tasks, from the same inputs, without its output.

    Args:
        golden: the golden directory.
        case: one of its cases.
        setup: of its first run.
        pairs: its outputs, and what is expected of them.
        limit: on the case's time; no race is tried once it is over.
    """

    def __init__(
        self,
        golden: GoldenSpec,
        case: CaseSpec,
        setup: CaseSetup,
        pairs: Sequence[Pair],
        limit: TimeLimit,
    ) -> None:
        self._golden = golden
        self._case = case
        self._limit = limit
        self._setup = replace(setup, options=replace(setup.options, isolate=True))
        self._pairs = pairs
        self._comparison = OrderComparison(pairs)

    def with_witnesses(self, report: SanitizerReport) -> SanitizerReport:
        """The report of the case's first run, in which the races that are tried have a witness."""
        found = dict[int, Witness]()
        for number in races_to_try(report.findings):
            if self._limit.is_over:
                break
            try:
                found[number] = self._witness_of(report.findings[number])
            except EngineError:  # a run cannot be started or watched on this machine now
                break
        findings = list(report.findings)
        for number, witness in found.items():
            findings[number] = replace(findings[number], witness=witness)
        return replace(report, findings=tuple(findings))

    def _witness_of(self, race: Finding) -> Witness:
        low, high = race.tasks
        one, other = (
            run_in_order(self._setup, Schedule.before(*tasks))
            for tasks in ((low, high), (high, low))
        )
        runs = (self._described(one), self._described(other))
        differences = self._differences(one, other)
        differ = bool(differences) or runs[0].failure != runs[1].failure
        repeated = not differ or (self._is_repeated(one) and self._is_repeated(other))
        return Witness(runs, differences, repeated)

    def _described(self, run: OrderRun) -> WitnessRun:
        if run.outputs is None:
            assert run.failure is not None  # noqa: S101 - it has one of the two
            error = error_of(run.failure, self._setup.built, run.schedule)
            return _failed(run.schedule, error)
        try:
            return WitnessRun(run.schedule, self._mismatched(run.outputs))
        except GoldenError as error:
            return _failed(run.schedule, error)

    def _mismatched(self, outputs: Mapping[str, Bytes]) -> tuple[str, ...]:
        pairs = [replace(pair, actual=outputs[pair.tensor.name]) for pair in self._pairs]
        try:
            with self._limit.interrupting():
                compared = choose_compared(self._golden, self._case, pairs)
        except Mismatch:  # golden.py says so, and not of which outputs
            return tuple(outputs)
        return tuple(pair.tensor.name for pair in compared if not compare(pair).passed)

    def _differences(self, one: OrderRun, other: OrderRun) -> tuple[WitnessDifference, ...]:
        if one.outputs is None or other.outputs is None:
            return ()
        pairs = {pair.tensor.name: pair for pair in self._pairs}
        orders = (one.schedule, other.schedule)
        return tuple(
            WitnessDifference(
                found.tensor,
                found.count,
                found.size,
                found.first,
                found.values,
                largest_difference(
                    pairs[found.tensor], one.outputs[found.tensor], other.outputs[found.tensor]
                ),
            )
            for found in self._comparison.differences(orders, one.outputs, other.outputs)
        )

    def _is_repeated(self, run: OrderRun) -> bool:
        if run.failure is not None and run.failure.ending.hang_seconds:
            return True  # another run would take as long until it is given up
        again = run_in_order(self._setup, run.schedule)
        if run.failure is not None or again.failure is not None:
            kinds = [each.failure and each.failure.ending.failure for each in (run, again)]
            return kinds[0] == kinds[1]
        return not self._differences(run, again)


def _failed(schedule: Schedule, error: A2A3SimError) -> WitnessRun:
    return WitnessRun(schedule, (), error.kind, str(error).splitlines()[0])
