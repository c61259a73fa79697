"""One case from golden.py to its comparison: the whole flow, without pytest."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.compare import TensorDiff, compare
from pytest_a2a3sim.errors import RunError
from pytest_a2a3sim.inputs import compute_expected, make_inputs
from pytest_a2a3sim.output import captured_output
from pytest_a2a3sim.replay import Simulation, pinpoint
from pytest_a2a3sim.result import CaseResult
from pytest_a2a3sim.run import Device, HostMemory, Run
from pytest_a2a3sim.settings import default_device_memory
from pytest_a2a3sim.time_limit import TimeLimit
from pytest_a2a3sim.unwritten import Output, find_unwritten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim.build import Builder
    from pytest_a2a3sim.inputs import CaseInputs, Expected
    from pytest_a2a3sim.recording import RunOutcome
    from pytest_a2a3sim.settings import Settings
    from pytest_a2a3sim.spec import CaseSpec, GoldenSpec


class Progress(Protocol):
    """Is told what a case is about to do."""

    def building(self, golden: GoldenSpec) -> None:
        """Its sources are about to be compiled."""

    def running(self, golden: GoldenSpec, case: CaseSpec) -> None:
        """Its graph is about to be built and run."""


class _Silent:
    def building(self, golden: GoldenSpec) -> None:
        """Says nothing."""

    def running(self, golden: GoldenSpec, case: CaseSpec) -> None:
        """Says nothing."""


class _Phases:
    """Seconds by phase, each measured once."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - start


def run_case(
    golden: GoldenSpec,
    case: CaseSpec,
    settings: Settings,
    builder: Builder,
    progress: Progress | None = None,
) -> CaseResult:
    """Builds, simulates and compares one case.

    Raises:
        A2A3SimError: the case failed before its outputs could be compared.
    """
    progress = progress or _Silent()
    phase = _Phases()
    progress.building(golden)
    with phase("build"):
        built = builder.build(golden.config, f"{golden.path.parent.name}: {case.name}")
    limit = TimeLimit(settings.timeout)
    with phase("inputs"), limit.interrupting():
        inputs = make_inputs(golden, case)
    progress.running(golden, case)
    device = Device(
        block_dim=golden.config.runtime.block_dim,
        threads=settings.threads,
        hang_timeout=settings.hang_timeout,
        isolate=settings.isolate,
        schedule=settings.schedule,
        memory=settings.device_memory or default_device_memory(),
    )
    simulation = Simulation(built, inputs, device)
    with HostMemory(inputs.tensors) as memory:
        with (
            captured_output() as output,
            Run(built, inputs, memory, replace(device, output=output)) as run,
        ):
            with phase("golden"), limit.interrupting():  # while the simulating process is at work
                expected = compute_expected(golden, case, inputs)
            try:
                outcome = run.wait(limit)
            except RunError as error:
                raise pinpoint(error, simulation) from None
        with phase("compare"):
            diffs = tuple(
                _compare(golden, inputs, name, memory, expected) for name in inputs.outputs
            )
            unwritten = find_unwritten(
                [
                    Output(
                        inputs.tensors[diff.name],
                        memory.bytes_of(diff.name),
                        expected.raw[diff.name],
                        golden.tolerances.of(diff.name),
                    )
                    for diff in diffs
                    if not diff.passed
                ],
                outcome.copied,
                simulation,
            )
        actual = {
            name: inputs.tensors[name].revive(memory.bytes_of(name)) for name in inputs.outputs
        }
    return CaseResult(
        golden=golden.path,
        case=case.name,
        params=case.params,
        actual=actual,
        expected={name: inputs.tensors[name].revive(raw) for name, raw in expected.raw.items()},
        diffs=diffs,
        graph=outcome.graph,
        phases={**phase.seconds, **outcome.phases},
        recording=outcome.recording,
        schedule=settings.schedule,
        findings=_findings(inputs, expected, outcome),
        compiled=built.compiled,
        cache_hits=built.cache_hits,
        unwritten=unwritten,
    )


def _compare(
    golden: GoldenSpec, inputs: CaseInputs, name: str, memory: HostMemory, expected: Expected
) -> TensorDiff:
    tensor = inputs.tensors[name]
    return compare(
        name,
        tensor.numbers(memory.bytes_of(name)),
        tensor.numbers(expected.raw[name]),
        golden.tolerances.of(name),
        tensor.dtype,
    )


def _findings(inputs: CaseInputs, expected: Expected, outcome: RunOutcome) -> tuple[str, ...]:
    untouched = [
        f"compute_golden wrote nothing into output {name!r}: what generate_inputs put there was "
        "compared with the device's result instead"
        for name in expected.untouched
    ]
    copied = {
        name: sum(item.size for item in outcome.copied if item.tensor == name)
        for name in inputs.outputs
    }
    missing = [
        f"output {name!r} was not copied back from the device: {copied[name]} of "
        f"{inputs.tensors[name].nbytes} bytes are covered by record_tensor_pair"
        for name in inputs.outputs
        if copied[name] < inputs.tensors[name].nbytes
    ]
    return (*untouched, *missing)
