"""How a case ended, as immutable data."""

from __future__ import annotations

import functools
from dataclasses import field
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.dependency import Dependency
    from pytest_a2a3sim.model.diff import TensorDiff, Unwritten
    from pytest_a2a3sim.model.dump import Dump
    from pytest_a2a3sim.model.errors import A2A3SimError
    from pytest_a2a3sim.model.intermediate import Intermediate
    from pytest_a2a3sim.model.profile import Profile
    from pytest_a2a3sim.model.recording import Graph, Recording, RingUse
    from pytest_a2a3sim.model.sanitizer import SanitizerReport
    from pytest_a2a3sim.model.schedule import Schedule


@frozen
class CaseFacts:
    """What is known of every case, however far it came; None is what it did not reach.

    Attributes:
        graph: its size.
        phases: seconds by phase, of those it reached: ``build``, ``inputs``, ``golden``, ``start``,
            ``load``, ``orchestrate``, ``check``, ``execute``, ``copy_back``, ``compare``.
        starts: when each of these phases began, in seconds of the monotonic clock.
        peak_rss_bytes: most memory that the simulating process had resident, pages that it shares
            with the calling process included; None also where that process simulated itself.
        compiled: sources that were compiled, each counted for the first case that uses it.
        cache_hits: sources whose objects were there already.
        schedule: the order in which ready tasks were executed.
        golden_cache: ``found`` or ``stored``, or why expected outputs are not kept, in words; None
            where nobody asked for that.
        dump: what tasks found and left in their arguments, if that was asked for.
        compiler: the one that was taken because the session's lacks something; None otherwise.
        objects: SHA-256 of the shared objects, in the order of kernel_config.py, the
            orchestration's last.
    """

    graph: Graph | None = None
    phases: Mapping[str, float] = field(default_factory=dict)
    starts: Mapping[str, float] = field(default_factory=dict)
    peak_rss_bytes: int | None = None
    compiled: int | None = None
    cache_hits: int | None = None
    schedule: Schedule | None = None
    golden_cache: str | None = None
    dump: Dump | None = None
    compiler: str | None = None
    objects: tuple[str, ...] = ()


@frozen
class CaseResult:
    """A case that ran to its end, whether its outputs match or not.

    Attributes:
        golden: path of golden.py.
        case: the case's name.
        params: what generate_inputs got.
        actual: each output as the device left it, of the kind that its author made.
        expected: each output as compute_golden left it.
        diffs: the comparison of each output.
        graph: number of tasks and edges.
        recording: what ``timeline`` and ``profile`` are made from.
        facts: times, memory, objects, schedule.
        analyse: makes the profile of a recording.
        findings: remarks about things that are suspicious but do not fail a case.
        notes: where expected values come from, if not from compute_golden, and in which order
            the graph does not come to its end.
        defaults: what golden.py does not say about the comparison, and what holds instead.
        unwritten: elements that do not match because the device never wrote them.
        sanitizer: what the sanitizer looked at and found; None if it was not asked.
        rings: of a runtime that has rings, what each that held a task had to hold.
        dependencies: why tasks wait for others, where the runtime finds that out from tensors;
            empty unless :attr:`Settings.records_dependencies` is set.
        critical_tasks: on the longest path of the graph, each of which counts as one; None unless
            :attr:`Settings.records_dependencies` is set.
        intermediates: what the orchestration describes and compute_golden returns, in the order in
            which tasks left it.
        failure: what :meth:`check` raises; None if every output matches, in every order.
    """

    golden: Path
    case: str
    params: Mapping[str, Any]
    actual: Mapping[str, Any]
    expected: Mapping[str, Any]
    diffs: tuple[TensorDiff, ...]
    graph: Graph
    recording: Recording
    facts: CaseFacts
    analyse: Callable[[Recording], Profile] = field(repr=False, compare=False)
    findings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    defaults: tuple[str, ...] = ()
    unwritten: tuple[Unwritten, ...] = ()
    sanitizer: SanitizerReport | None = None
    rings: tuple[RingUse, ...] = ()
    dependencies: tuple[Dependency, ...] = ()
    critical_tasks: int | None = None
    intermediates: tuple[Intermediate, ...] = ()
    failure: A2A3SimError | None = None

    @property
    def phases(self) -> Mapping[str, float]:
        """Seconds by phase; see :class:`CaseFacts`."""
        return self.facts.phases

    @property
    def compiled(self) -> int:
        """Sources that were compiled, each counted for the first case that uses it."""
        return self.facts.compiled or 0

    @property
    def cache_hits(self) -> int:
        """Sources whose objects were there already."""
        return self.facts.cache_hits or 0

    @property
    def schedule(self) -> Schedule | None:
        """The order in which ready tasks were executed, with its seed."""
        return self.facts.schedule

    @property
    def dump(self) -> Dump | None:
        """What tasks found and left in their arguments, if that was asked for (``--sim-dump``)."""
        return self.facts.dump

    @property
    def peak_rss_bytes(self) -> int | None:
        """Most memory that the simulating process had resident; see :class:`CaseFacts`."""
        return self.facts.peak_rss_bytes

    @property
    def timeline(self) -> npt.NDArray[np.void]:
        """Structured array with one record a task, by task id.

        Its fields: ``start`` and ``end`` in seconds since the graph started, ``func_id``,
        ``core_type`` (0 AIC, 1 AIV), ``core_id`` and ``thread``.
        """
        return self.recording.timeline

    @functools.cached_property
    def profile(self) -> Profile:
        """Critical path, parallelism, totals by kernel and makespans; see :class:`Profile`."""
        return self.analyse(self.recording)

    @property
    def passed(self) -> bool:
        """Whether every output matches, in every order in which the graph was executed."""
        return self.failure is None

    def check(self) -> None:
        """Returns if every output matches, in every order in which the graph was executed.

        Raises:
            OrderDependence: outputs match, but depend on the order of unordered tasks.
            UnwrittenOutput: elements do not match because the device never wrote them.
            SanitizerError: the sanitizer has found something, whether the outputs match or not.
            Mismatch: any other difference; the message tells about every output.
        """
        if self.failure is not None:
            raise self.failure.with_traceback(None)


@frozen
class Attempt:
    """One attempt at a case, however it ended.

    Attributes:
        facts: how far it came.
        inputs: what it worked on; None where generate_inputs did not return.
        result: None where the outputs could not be compared.
        error: what kept them from being compared, or in what way they do not match.
    """

    facts: CaseFacts
    inputs: CaseInputs | None = None
    result: CaseResult | None = None
    error: A2A3SimError | None = None

    def get(self) -> CaseResult:
        """The result, whether the outputs match or not.

        Raises:
            A2A3SimError: there is none, of the class that says why.
        """
        if self.result is None:
            assert self.error is not None  # noqa: S101 - an attempt without a result has failed
            raise self.error
        return self.result
