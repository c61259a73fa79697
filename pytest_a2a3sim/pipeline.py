"""One case from golden.py to its comparison: the whole flow, without pytest."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.compare import TensorDiff, compare
from pytest_a2a3sim.diagnose import diagnose
from pytest_a2a3sim.inputs import compute_expected, make_inputs
from pytest_a2a3sim.native_compare import Pair
from pytest_a2a3sim.result import CaseResult
from pytest_a2a3sim.run import Device, HostMemory, Run
from pytest_a2a3sim.vacuous import find_vacuous

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim.build import Builder
    from pytest_a2a3sim.inputs import CaseInputs, Expected
    from pytest_a2a3sim.settings import Settings
    from pytest_a2a3sim.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.tensors import Tensor


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
    with phase("inputs"):
        inputs = make_inputs(golden, case)
    progress.running(golden, case, inputs)
    device = Device(
        block_dim=golden.config.runtime.block_dim,
        threads=settings.threads,
        hang_timeout=settings.hang_timeout,
        isolate=settings.isolate,
        schedule=settings.schedule,
    )
    with HostMemory(inputs.tensors) as memory:
        with Run(built, inputs, memory, device) as run:
            with phase("golden"):  # while the simulating process is at work
                expected = compute_expected(golden, case, inputs)
            outcome = run.wait()
        with phase("compare"):
            diffs = tuple(
                _compare(golden, inputs.tensors[name], memory, expected, settings.comparing_threads)
                for name in inputs.outputs
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
