"""Whether outputs depend on the order of tasks that the graph does not order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.orders import OrderComparison, with_actual
from pytest_a2a3sim.failures.explain import error_of
from pytest_a2a3sim.model.errors import A2A3SimError, OrderDependence
from pytest_a2a3sim.reporting.text import order_text
from pytest_a2a3sim.running.orders import in_order, run_in_order, runs_in_orders
from pytest_a2a3sim.running.replay import pinpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.diff import OrderDifference, Pair
    from pytest_a2a3sim.model.failure import Failure
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.spec import GoldenSpec
    from pytest_a2a3sim.running.orders import OrderRun
    from pytest_a2a3sim.running.run import CaseSetup


class Orders:
    """The runs of a case in further orders, and what they show."""

    def __init__(
        self,
        setup: CaseSetup,
        completion: Completion,
        pairs: Sequence[Pair],
        golden: GoldenSpec,
    ) -> None:
        self._setup = setup
        self._completion = completion
        self._pairs = pairs
        self._comparison = OrderComparison(pairs, golden.order_dependent)
        self._stuck: Schedule | None = None  # an order in which a task did not end

    def matching(self) -> Schedule | None:
        """The first order in which every output matches what is expected."""
        for run in runs_in_orders(self._setup, self._completion.pair_order):
            if run.outputs is not None and all(
                compare(with_actual(pair, run.outputs[pair.tensor.name])).passed
                for pair in self._pairs
            ):
                return run.schedule
            del run  # or its outputs would be there while the next one runs
        return None

    def dependence(self) -> tuple[A2A3SimError | None, str | None]:
        """The failure of a case whose outputs depend on the order, or a remark about it.

        A first run has shown that they may.
        """
        if self._completion.recording.has_one_order():
            return None, self._irregularity()
        first: OrderRun | None = None
        for run in self._telling_runs():
            first = first or run
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
        return (None, None) if first is None else self._of_threads(first)

    def _telling_runs(self) -> Iterator[OrderRun]:
        """The case's own order and others, each on one thread, as far as they can be compared."""
        for number, run in enumerate(runs_in_orders(self._setup, self._completion.pair_order)):
            if _hangs(run):  # tasks may wait for others, which run beside them on more threads
                self._stuck = run.schedule
                if number == 0:  # then there is nothing to compare others with
                    return
            elif _kind_of(run) != "graph":  # it allows this order: something has made it up
                yield run

    def waiting(self) -> str | None:
        """What to know about a case that does not end in an order, which takes its time."""
        if self._stuck is None:
            return None
        return (
            f"on one thread, in the order {self._stuck}, the graph does not come to its end: tasks "
            "wait for one another, or one needs what the graph does not order before it; to find "
            "that out takes seconds, and sim_orders = off leaves it out (--sim-orders=off)"
        )

    def _of_threads(self, first: OrderRun) -> tuple[A2A3SimError | None, str | None]:
        """The same where threads have come to an order that no single thread has.

        Args:
            first: the run in the case's own order, on one thread.
        """
        threads = self._setup.options.threads
        found = () if threads == 1 else self._differences_from_actual(first)
        if not found:
            return None, None
        if not self._is_repeated(first):
            return None, _not_deterministic(first)
        return OrderDependence(order_text(found, threads), found), None

    def _irregularity(self) -> str | None:
        """A remark if runs in the only order that the graph allows end differently."""
        run = run_in_order(self._setup, self._setup.options.schedule)
        regular = self._is_repeated(run) and not self._differences_from_actual(run)
        return None if regular else _not_deterministic(run)

    def _differences_from_actual(self, run: OrderRun) -> tuple[OrderDifference, ...]:
        """What differs between the outputs of the case and of a run in its order."""
        if run.outputs is None:
            return ()
        actual = {pair.tensor.name: pair.actual for pair in self._pairs}
        return self._comparison.differences((run.schedule, run.schedule), actual, run.outputs)

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
        failure, found = pinpoint(failure, in_order(self._setup, run.schedule))
        lines = note if found is None else f"{found}\n  {note}"
        return error_of(failure, self._setup.built, run.schedule, lines)


def _kind_of(run: OrderRun) -> str | None:
    return None if run.failure is None else run.failure.ending.failure


def _hangs(run: OrderRun) -> bool:
    return _kind_of(run) == "kernel_hang"


def _not_deterministic(run: OrderRun) -> str:
    return (
        f"two runs in one and the same order ({run.schedule}) end differently: a kernel is not "
        "deterministic"
    )
