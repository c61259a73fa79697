"""One case from golden.py to its comparison: the whole flow, without pytest."""

from __future__ import annotations

import contextlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.comparing.compare import TensorDiff, compare
from pytest_a2a3sim.comparing.diagnose import diagnose
from pytest_a2a3sim.comparing.native_compare import Pair
from pytest_a2a3sim.comparing.unwritten import Output, find_unwritten
from pytest_a2a3sim.comparing.vacuous import find_vacuous
from pytest_a2a3sim.errors import A2A3SimError, RunError
from pytest_a2a3sim.loading.inputs import compute_expected, make_inputs
from pytest_a2a3sim.result import CaseResult
from pytest_a2a3sim.running.host_memory import HostMemory
from pytest_a2a3sim.running.output import captured_output
from pytest_a2a3sim.running.replay import Simulation, pinpoint
from pytest_a2a3sim.running.run import Device, Run
from pytest_a2a3sim.running.time_limit import TimeLimit
from pytest_a2a3sim.settings import default_device_memory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim.building.build import Builder, BuiltCase
    from pytest_a2a3sim.loading.inputs import CaseInputs, Expected
    from pytest_a2a3sim.loading.tensors import Tensor
    from pytest_a2a3sim.settings import Settings
    from pytest_a2a3sim.spec import CaseSpec, GoldenSpec


class Progress(Protocol):
    """Is told what a case is about to do."""

    def building(self, golden: GoldenSpec) -> None:
        """Its sources are about to be compiled."""

    def running(self, golden: GoldenSpec, case: CaseSpec, inputs: CaseInputs) -> None:
        """Its graph is about to be built and run, from these inputs."""


class _Silent:
    def building(self, golden: GoldenSpec) -> None:
        """Says nothing."""

    def running(self, golden: GoldenSpec, case: CaseSpec, inputs: CaseInputs) -> None:
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
    try:
        return _run_built(golden, case, settings, built, phase=phase, progress=progress)
    except A2A3SimError as error:
        error.facts = replace(
            error.facts,
            phases={**phase.seconds, **error.facts.phases},
            compiled=built.compiled,
            cache_hits=built.cache_hits,
            schedule=settings.schedule,
        )
        raise


def _run_built(  # noqa: PLR0913 - what run_case got, and made
    golden: GoldenSpec,
    case: CaseSpec,
    settings: Settings,
    built: BuiltCase,
    *,
    phase: _Phases,
    progress: Progress,
) -> CaseResult:
    limit = TimeLimit(settings.timeout)
    with phase("inputs"), limit.interrupting():
        inputs = make_inputs(golden, case)
    progress.running(golden, case, inputs)
    device = Device(
        block_dim=golden.config.runtime.block_dim,
        threads=settings.threads,
        hang_timeout=settings.hang_timeout,
        isolate=settings.isolate,
        schedule=settings.schedule,
        memory=settings.device_memory or default_device_memory(),
    )
    simulation = Simulation(built, inputs, device)
    with HostMemory(inputs) as memory:
        with (
            captured_output() as output,
            Run(built, inputs, memory, replace(device, output=output)) as run,
        ):
            with phase("golden"), limit.interrupting():  # while the simulating process is at work
                expected = compute_expected(golden, case, inputs)
            try:
                outcome = run.wait(limit)
            except RunError as error:
                pinpointed = pinpoint(error, simulation)
                pinpointed.facts = error.facts
                raise pinpointed from None
        with phase("compare"):
            diffs = tuple(
                _compare(golden, inputs.tensors[name], memory, expected, settings.comparing_threads)
                for name in inputs.outputs
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
        findings = find_vacuous(golden, inputs, expected, memory, outcome)
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
        findings=findings,
        peak_rss_bytes=outcome.peak_rss_bytes,
        compiled=built.compiled,
        cache_hits=built.cache_hits,
        unwritten=unwritten,
    )


def _compare(
    golden: GoldenSpec, tensor: Tensor, memory: HostMemory, expected: Expected, threads: int
) -> TensorDiff:
    pair = Pair(
        tensor,
        actual=memory.bytes_of(tensor.name),
        expected=expected.raw[tensor.name],
        tolerance=golden.tolerances.of(tensor.name),
    )
    diff = compare(pair, threads)
    return diff if diff.passed else diagnose(pair, diff, threads)
