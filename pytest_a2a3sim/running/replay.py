"""Running a case again to find out what its first run could not tell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.engine.request import Watch
from pytest_a2a3sim.model.errors import EngineError
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.running.run import run_silently

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.tensor import Bytes
    from pytest_a2a3sim.running.run import CaseSetup

Ranges = tuple[tuple[int, int], ...]
"""Device buffers by number, each range by its first and the one after its last."""

ALL_BUFFERS: Ranges = ((0, 1 << 62),)


def pinpoint(failure: Failure, setup: CaseSetup) -> tuple[Failure, str | None]:
    """Finds the access that wrote next to a device buffer without faulting.

    A second run places that buffer so that the same access faults; where a kernel needs the
    alignment that this takes away, a third one looks for the damage after each task.

    Args:
        failure: how the first run failed; any but such an overrun is returned as it is.
        setup: of that first run.

    Returns:
        The failure that names the task, and the source line if the access could be made to fault;
        and what there is to say about it.
    """
    options, place = setup.options, failure.place
    if not failure.ending.damage or place is None or place.buffer is None or not options.isolate:
        return failure, None
    watch = Watch(place.buffer, underrun=place.offset < 0)
    for check_each_task in (False, True):
        watching = replace(
            options, threads=1, watches=(watch,), check_each_task=check_each_task, checks=()
        )
        again = _failure_of(replace(setup, options=watching))
        if again is not None and _is_fault_at(again, watch.buffer):
            return again, "The first run did not fault there; a second one was made to."
    return failure, "Which task did it is unknown: it did not happen again in a second run."


def with_other_poison(
    setup: CaseSetup, buffers: Ranges = ALL_BUFFERS
) -> Mapping[str, Bytes] | None:
    """The outputs' bytes where these buffers are filled with ``OTHER_POISON`` when they are fresh.

    None if that run fails, or could not be isolated.
    """
    if not setup.options.isolate:
        return None
    other = replace(setup, options=replace(setup.options, other_poison=buffers, checks=()))
    with HostMemory(setup.inputs) as memory:
        try:
            if isinstance(run_silently(other, memory), Failure):
                return None
        except EngineError:
            return None
        return {name: memory.keep(name) for name in setup.inputs.outputs}


def _failure_of(setup: CaseSetup) -> Failure | None:
    with HostMemory(setup.inputs) as memory:
        try:
            ended = run_silently(setup, memory)
        except EngineError:
            return None
    return ended if isinstance(ended, Failure) else None


def _is_fault_at(failure: Failure, buffer: int) -> bool:
    """Whether a task is known to have accessed memory at a buffer that it must not."""
    ending = failure.ending
    at_buffer = failure.place is not None and failure.place.buffer == buffer
    return ending.failure == "kernel_fault" and at_buffer and ending.task_id >= 0
