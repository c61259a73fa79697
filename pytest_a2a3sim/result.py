"""What a case's run returns, as immutable data."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pytest_a2a3sim.errors import Mismatch, UnwrittenOutput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from pytest_a2a3sim.comparing.compare import TensorDiff
    from pytest_a2a3sim.running.profile import Profile
    from pytest_a2a3sim.running.recording import Graph, Recording
    from pytest_a2a3sim.schedule import Schedule


@dataclass(frozen=True)
class Unwritten:
    """Elements of one output that do not match because nothing was written there.

    Attributes:
        tensor: the output's name.
        what: no kernel wrote them, or no tensor pair copied them back.
        count: how many of the output's ``size`` elements.
        first: index of the first of them in the tensor's own shape.
    """

    tensor: str
    what: Literal["written", "copied back"]
    count: int
    size: int
    first: tuple[int, ...]


@dataclass(frozen=True)
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
        phases: seconds by phase: ``build``, ``inputs``, ``golden``, ``start``, ``load``,
            ``orchestrate``, ``check``, ``execute``, ``copy_back``, ``compare``.
        recording: what ``timeline`` and ``profile`` are made from.
        schedule: the order in which ready tasks were executed, with its seed.
        unwritten: elements that do not match because the device never wrote them.
        findings: remarks about things that are suspicious but do not fail a case.
        compiled: sources that were compiled, each counted for the first case that uses it.
        cache_hits: sources whose objects were there already.
        peak_rss_bytes: most memory that the simulating process had resident, pages that it shares
            with the calling process included; None where that process simulated itself.
    """

    golden: Path
    case: str
    params: Mapping[str, Any]
    actual: Mapping[str, Any]
    expected: Mapping[str, Any]
    diffs: tuple[TensorDiff, ...]
    graph: Graph
    phases: Mapping[str, float]
    recording: Recording
    schedule: Schedule
    findings: tuple[str, ...] = ()
    compiled: int = 0
    cache_hits: int = 0
    unwritten: tuple[Unwritten, ...] = ()
    peak_rss_bytes: int | None = None

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
        from pytest_a2a3sim.running.profile import profile_of  # noqa: PLC0415 - on request only

        return profile_of(self.recording)

    @property
    def passed(self) -> bool:
        """Whether every output matches."""
        return all(diff.passed for diff in self.diffs)

    def check(self) -> None:
        """Returns if every output matches.

        Raises:
            UnwrittenOutput: elements do not match because the device never wrote them.
            Mismatch: any other difference; the message reports every output.
        """
        if self.passed:
            return
        from pytest_a2a3sim.reporting.report import mismatch_lines  # noqa: PLC0415 - only on failure

        lines = mismatch_lines(self)
        if self.unwritten:
            from pytest_a2a3sim.reporting.report_unwritten import unwritten_lines  # noqa: PLC0415 - as above

            text = "\n".join([*unwritten_lines(self.unwritten), "", *lines])
            raise UnwrittenOutput(text, self.diffs)
        raise Mismatch("\n".join(lines), self.diffs)
