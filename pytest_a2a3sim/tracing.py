"""One case on instrumented kernels, for what its data says: no outputs are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.buffers import Buffers
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.running.options import options_of
from pytest_a2a3sim.running.run import CaseSetup
from pytest_a2a3sim.running.trace import data_flow_of

if TYPE_CHECKING:
    from pytest_a2a3sim.building.builder import Builder
    from pytest_a2a3sim.model.data_flow import DataFlow
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec


@frozen
class Trace:
    """What the data of a case says.

    Attributes:
        data: its flows.
        buffers: tells about its device buffers.
    """

    data: DataFlow
    buffers: Buffers


def trace_case(
    golden: GoldenSpec, case: CaseSpec, settings: Settings, builder: Builder
) -> Trace | None:
    """Builds and runs one case; None if it does not run to its end.

    Raises:
        A2A3SimError: it cannot be built, or has no inputs.
    """
    built = builder.build(golden.config, f"{golden.path.parent.name}: {case.name}", "exact")
    inputs = make_inputs(golden, case)
    config = golden.config
    options = options_of(settings, config.runtime.block_dim, settings.platform_of(config))
    data = data_flow_of(CaseSetup(built, inputs, options))
    return None if data is None else Trace(data, Buffers(data, built))
