"""What the sanitizer has found -> lines. Computes nothing, prints nothing."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.reporting.core_text import core_finding_texts
from pytest_a2a3sim.reporting.sanitizer_summary import checked_lines
from pytest_a2a3sim.reporting.units import counted
from pytest_a2a3sim.reporting.witness_text import untried_texts, witness_texts

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from pytest_a2a3sim.model.lines import Line
    from pytest_a2a3sim.model.sanitizer import Finding, SanitizerReport

_MOST_SHOWN = 20
_MOST_EDGES = 5
_EXACT_ANSWER = (
    "--sim-sanitize=racecheck finds every pair of tasks that nothing orders, and --sim-witness "
    "shows what each does."
)
_RACES = {
    "RAW": ("writes", "reads"),
    "WAR": ("reads", "writes"),
    "WAW": ("writes", "writes"),
}


def finding_lines(report: SanitizerReport) -> tuple[Line, ...]:
    """A headline, and every kind of finding once, those that others may explain last."""
    groups = _folded(report.findings)
    lines = [line(_headline(report), "headline")]
    for finding, same in groups[:_MOST_SHOWN]:
        first, *rest = _texts(finding)
        lines += [line(""), line(first, "diagnosis"), *map(line, rest)]
        if same > 1:
            lines.append(line(f"  and {_more(finding, same - 1)}"))
    hidden = len(groups) - _MOST_SHOWN
    if hidden > 0:
        lines += [line(""), line(f"... and {hidden} other kinds of findings (--sim-json has all)")]
    untried = map(line, untried_texts(report.findings))
    lines += [line(""), *untried, *map(line, checked_lines(report))]
    return tuple(lines)


def missing_edge_lines(report: SanitizerReport | None) -> tuple[Line, ...]:
    """Under outputs that depend on the order of tasks: the races that are no consequences.

    Args:
        report: of racecheck; None where it could not be had.
    """
    found = () if report is None else report.findings
    groups = _folded(tuple(each for each in found if each.is_race_of_tasks))
    races = [group for group in groups if not group[0].consequence][:_MOST_EDGES]
    lines: list[Line] = []
    for finding, same in races:
        first, *rest = _texts(finding)
        lines += [line(""), line(first, "diagnosis"), *map(line, rest)]
        if same > 1:
            lines.append(line(f"  and {_more(finding, same - 1)}"))
    return (*lines, line(""), line(_EXACT_ANSWER))


def _headline(report: SanitizerReport) -> str:
    counts = Counter(f"{finding.check} {finding.kind}" for finding in report.findings)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    return f"the sanitizer has {counted(report.total, 'finding')}: {kinds}"


def _folded(findings: tuple[Finding, ...]) -> list[tuple[Finding, int]]:
    """The first finding of each kind, and how many there are of it; consequences come last."""
    groups: dict[Hashable, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.consequence):
        groups.setdefault(finding.likeness, []).append(finding)
    return [(group[0], len(group)) for group in groups.values()]


def _more(finding: Finding, count: int) -> str:
    if finding.is_race_of_tasks:
        return f"{counted(count, 'more pair')} of these two kernels"
    return f"{counted(count, 'more task')} of this kernel"


def _texts(finding: Finding) -> Iterator[str]:
    """A headline, and lines with the accesses and what to do."""
    if finding.core is not None:
        yield from core_finding_texts(finding, finding.core)
    elif finding.check == "racecheck":
        yield from _race_texts(finding)
    elif finding.check == "memcheck":
        yield from _outside_texts(finding)
    else:
        yield from _undefined_texts(finding)


def _race_texts(finding: Finding) -> Iterator[str]:
    first, second = (_task(finding, i) for i in range(2))
    yield (
        f"racecheck: {finding.kind} race of {first} and {second} on {_bytes(finding)}, "
        "and nothing orders them"
    )
    for i, verb in enumerate(_RACES[finding.kind]):
        yield f"  {_task(finding, i)} {verb} at {_source(finding, i)}"
        if finding.submissions and finding.submissions[i] is not None:
            yield f"    submitted at {finding.submissions[i]}"
    yield from _allocation(finding)
    if finding.mend:
        yield f"  {finding.mend}"
    else:
        yield "  possibly a consequence: the edge of another race here orders these tasks too"
    if finding.witness is not None:
        yield from witness_texts(finding.witness)


def _outside_texts(finding: Finding) -> Iterator[str]:
    yield (
        f"memcheck: {_task(finding, 0)} {finding.access}s {_count(finding.bytes)} "
        f"{_outside(finding)}"
    )
    yield f"  at {_source(finding, 0)}"
    if finding.kind == "HOST":
        yield "  a kernel reaches device memory only: copy it with copy_to_device"
    else:
        yield from _allocation(finding)


def _outside(finding: Finding) -> str:
    if finding.kind == "HOST":
        tensor = f"host tensor {finding.tensor!r}" if finding.tensor else "memory of the host"
        return f"of {tensor}, from byte {finding.offset:,} on"
    if finding.buffer is None or finding.size is None:
        return "of device memory that no buffer is near"
    buffer = f"device buffer #{finding.buffer} ({_count(finding.size)}){_tensor(finding)}"
    if finding.kind == "FREED":
        return f"of {buffer}, which was freed, from byte {finding.offset:,} on"
    if finding.offset < 0:
        return f"from {_count(-finding.offset)} before the start of {buffer} on"
    past = finding.offset - finding.size
    return (
        f"just past the end of {buffer}"
        if past == 0
        else f"{_count(past)} past the end of {buffer}"
    )


def _undefined_texts(finding: Finding) -> Iterator[str]:
    yield (
        f"initcheck: {_task(finding, 0)} reads {_bytes(finding)}, which nobody wrote before it, "
        "and something depends on them"
    )
    yield f"  at {_source(finding, 0)}"
    yield from _allocation(finding)
    if finding.edge is not None:
        yield f"  task {finding.edge[0]} writes them, but nothing orders it before"
        yield f"  {finding.mend}"
    else:
        yield (
            "  copy its content to the device (copy_to_device), or have a task write it first: "
            "fresh memory of a device holds anything"
        )


def _allocation(finding: Finding) -> Iterator[str]:
    if finding.origin:
        yield f"  buffer #{finding.buffer} is {finding.origin}"


def _task(finding: Finding, i: int) -> str:
    return f"task {finding.tasks[i]} ({finding.kernels[i]})"


def _source(finding: Finding, i: int) -> str:
    source = finding.sources[i]
    return "a line that was not recorded" if source is None else str(source)


def _bytes(finding: Finding) -> str:
    """``64 bytes of out[3, 0] to out[3, 15] (device buffer #4, bytes 128 to 191)``."""
    last = finding.offset + finding.span - 1
    apart = "" if finding.bytes == finding.span else ", not all"
    inside = (
        f"byte {finding.offset:,}"
        if finding.span == 1
        else f"bytes {finding.offset:,} to {last:,}{apart}"
    )
    buffer = f"device buffer #{finding.buffer}, {inside}"
    if finding.tensor is None or finding.element is None:
        return f"{_count(finding.bytes)} of {buffer}"
    ends = [finding.element, finding.last_element or finding.element]
    named = [f"{finding.tensor}[{', '.join(map(str, end)) or '()'}]" for end in ends]
    elements = named[0] if named[0] == named[1] else f"{named[0]} to {named[1]}"
    return f"{_count(finding.bytes)} of {elements} ({buffer})"


def _tensor(finding: Finding) -> str:
    return "" if finding.tensor is None else f" of tensor {finding.tensor!r}"


def _count(count: int) -> str:
    return counted(count, "byte")
