"""Running a case again to find out what its first run could not tell."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.errors import A2A3SimError, KernelFault
from pytest_a2a3sim.running.host_memory import HostMemory
from pytest_a2a3sim.running.run import Run, Watch

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.building.build import BuiltCase
    from pytest_a2a3sim.errors import RunError
    from pytest_a2a3sim.loading.inputs import CaseInputs
    from pytest_a2a3sim.running.run import Device

# As a float of any type it is a common number, and no NaN that arithmetic would carry along.
OTHER_POISON = 0x3B


@dataclass(frozen=True)
class Simulation:
    """All that a run of a case depends on; ``inputs`` are the tensors as they were before it."""

    built: BuiltCase
    inputs: CaseInputs
    device: Device


def pinpoint(error: RunError, simulation: Simulation) -> RunError:
    """Finds the access that wrote next to a device buffer without faulting.

    A second run places that buffer so that the same access faults; where a kernel needs the
    alignment that this takes away, a third one looks for the damage after each task.

    Args:
        error: how the first run failed; any but such an overrun is returned as it is.
        simulation: that first run.

    Returns:
        The error that names the task, and the source line if the access could be made to fault.
    """
    if not (isinstance(error, KernelFault) and error.damage) or error.damage.buffer is None:
        return error
    device = simulation.device
    if not device.isolate:
        return error
    watch = Watch(error.damage.buffer, underrun=error.damage.offset < 0)
    for check_each_task in (False, True):
        watching = replace(device, threads=1, watches=(watch,), check_each_task=check_each_task)
        again = _fault_of(replace(simulation, device=watching))
        if again and again.culprit.buffer == watch.buffer and again.culprit.task is not None:
            return KernelFault(
                f"{again}\n  The first run did not fault there; a second one was made to.",
                again.culprit,
            )
    return KernelFault(
        f"{error}\n  Which task did it is unknown: it did not happen again in a second run.",
        error.culprit,
    )


def with_other_poison(simulation: Simulation) -> Mapping[str, npt.NDArray[np.uint8]] | None:
    """The outputs' bytes where fresh device memory is filled with ``OTHER_POISON``.

    None if that run fails, or could not be isolated.
    """
    if not simulation.device.isolate:
        return None
    other = replace(simulation, device=replace(simulation.device, poison=OTHER_POISON))
    with HostMemory(simulation.inputs) as memory:
        try:
            _run_silently(other, memory)
        except A2A3SimError:
            return None
        return {name: memory.bytes_of(name).copy() for name in simulation.inputs.outputs}


def _fault_of(simulation: Simulation) -> KernelFault | None:
    with HostMemory(simulation.inputs) as memory:
        try:
            _run_silently(simulation, memory)
        except KernelFault as error:
            return error
        except A2A3SimError:
            pass
    return None


def _run_silently(simulation: Simulation, memory: HostMemory) -> None:
    """What the case prints was already shown by its first run."""
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        device = replace(simulation.device, output=(nowhere, nowhere))
        with Run(simulation.built, simulation.inputs, memory, device) as run:
            run.wait()
    finally:
        os.close(nowhere)
