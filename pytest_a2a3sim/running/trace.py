"""A run of instrumented kernels that shows which task works on what other ones left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.model.errors import EngineError
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.schedule import Schedule
from pytest_a2a3sim.running.run import run_silently

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.data_flow import DataFlow
    from pytest_a2a3sim.running.run import CaseSetup


def data_flow_of(setup: CaseSetup, questions: Sequence[tuple[str, int]] = ()) -> DataFlow | None:
    """The flows of a case, in the order in which its tasks were added; None if that run fails.

    Args:
        setup: whose kernels are instrumented.
        questions: bytes of outputs, by tensor and offset, whose last writers are wanted.
    """
    options = replace(
        setup.options,
        threads=1,
        schedule=Schedule("creation"),
        orders=(),
        checks=(),
        records_flows=True,
        questions=tuple(questions),
    )
    with HostMemory(setup.inputs) as memory:
        try:
            ended = run_silently(replace(setup, options=options), memory)
        except EngineError:
            return None
        return None if isinstance(ended, Failure) else ended.data_flow
