"""Whether outputs depend on the order of tasks that the graph does not order.

Each order is a run of its own, on one thread, from the same inputs: what it leaves is the same
every time unless a kernel is not deterministic, which a second run in the same order shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.running.run import run_silently

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.tensor import Bytes
    from pytest_a2a3sim.running.run import CaseSetup

_PATIENCE = 2.0  # seconds without progress, after which a run shows nothing


@frozen
class OrderRun:
    """What a run in one order left.

    Attributes:
        schedule: the order.
        outputs: bytes of the outputs by name; None if it failed.
        failure: why it did.
    """

    schedule: Schedule
    outputs: Mapping[str, Bytes] | None
    failure: Failure | None


def in_order(setup: CaseSetup, schedule: Schedule) -> CaseSetup:
    """The same case, to be executed in one order alone."""
    options = replace(
        setup.options,
        threads=1,
        schedule=schedule,
        orders=(),
        checks=(),
        hang_timeout=min(setup.options.hang_timeout, _PATIENCE),
    )
    return replace(setup, options=options)


def run_in_order(setup: CaseSetup, schedule: Schedule) -> OrderRun:
    """Runs a case in one order.

    Raises:
        EngineError: the run cannot be started or watched.
    """
    with HostMemory(setup.inputs) as memory:
        ended = run_silently(in_order(setup, schedule), memory)
        if isinstance(ended, Failure):
            return OrderRun(schedule, None, ended)
        outputs = {name: memory.keep(name) for name in setup.inputs.outputs}
    return OrderRun(schedule, outputs, None)


def runs_in_orders(setup: CaseSetup, pair_order: Schedule | None) -> Iterator[OrderRun]:
    """Runs a case in its own order and in the further ones, each on one thread.

    Args:
        setup: the case.
        pair_order: see :attr:`Completion.pair_order`.

    Raises:
        EngineError: a run cannot be started or watched.
    """
    pair_orders = () if pair_order is None else (pair_order,)
    for schedule in dict.fromkeys((setup.options.schedule, *pair_orders, *setup.options.orders)):
        yield run_in_order(setup, schedule)
