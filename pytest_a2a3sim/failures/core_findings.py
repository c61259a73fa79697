"""What the engine has found inside kernels -> findings that name source lines."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.core import CoreDetails, CoreStep
from pytest_a2a3sim.model.sanitizer import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pytest_a2a3sim.model.sanitized import RawCoreFinding, RawCoreStep
    from pytest_a2a3sim.model.sanitizer import Suppression
    from pytest_a2a3sim.model.source_line import SourceLine

_NAMES = {"set": "set_flag", "wait": "wait_flag", "barrier": "pipe_barrier", "skipped": ""}


def leave_out_core(
    found: Iterable[RawCoreFinding],
    suppressions: Sequence[Suppression],
    kernel_of: Callable[[int], str],
) -> tuple[list[RawCoreFinding], Counter[Suppression]]:
    """What is left, and how many each suppression leaves out: the first that is about a finding."""
    kept: list[RawCoreFinding] = []
    counts: Counter[Suppression] = Counter()
    for finding in found:
        kernels = (kernel_of(finding.task),)
        by = next((s for s in suppressions if s.leaves_out(finding.check, kernels, None)), None)
        if by is None:
            kept.append(finding)
        else:
            counts[by] += 1
    return kept, counts


def codes_of(found: Iterable[RawCoreFinding]) -> set[int]:
    """Addresses of which the lines are shown."""
    return {step.code for finding in found for step in finding.steps}


def folded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those of the same lines once: a compiler may make several codes of a line."""
    found: dict[object, Finding] = {}
    for finding in findings:
        same = found.setdefault(finding.likeness, finding)
        if same is not finding and finding.count > same.count:
            found[finding.likeness] = replace(same, count=finding.count)
    return tuple(found.values())


def core_finding(
    raw: RawCoreFinding, kernel: str, line_of: Callable[[int], SourceLine | None]
) -> Finding:
    """A finding inside a kernel."""
    stream = tuple(_step(step, line_of) for step in raw.steps)
    details = CoreDetails(
        steps=tuple(stream[index] for index in raw.about), stream=stream, capacity=raw.capacity
    )
    return Finding(
        check=raw.check,
        kind=raw.kind,
        space=raw.space,
        tasks=(raw.task,),
        kernels=(kernel,),
        sources=tuple(step.source for step in details.steps),
        access="",
        buffer=None,
        call=None,
        allocation=None,
        size=None,
        tensor=None,
        element=None,
        last_element=None,
        offset=raw.offset,
        span=raw.bytes,
        bytes=raw.bytes,
        edge=None,
        consequence=raw.is_consequence,
        count=raw.tasks,
        core=details,
    )


def _step(raw: RawCoreStep, line_of: Callable[[int], SourceLine | None]) -> CoreStep:
    name = raw.name or "scalar" if raw.kind == "instruction" else _NAMES[raw.kind]
    return CoreStep(raw.kind, raw.pipe, raw.destination, raw.event, name, line_of(raw.code))
