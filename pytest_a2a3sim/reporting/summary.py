"""Records of cases -> totals, and the lines of the closing section."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.dump_record import dump_lines
from pytest_a2a3sim.reporting.sanitizer_summary import sanitizer_lines, sanitizer_totals
from pytest_a2a3sim.reporting.units import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_a2a3sim.model.record import CaseRecord, TotalsRecord

_SHOWN_KERNELS = 3
_KEPT = ("found", "stored")


def totals(records: Sequence[CaseRecord]) -> TotalsRecord:
    """Adds up what the records say."""
    outcomes = [record["outcome"] for record in records]
    tensors = [tensor for record in records for tensor in record["tensors"]]
    graphs = [record["graph"] for record in records if record["tensors"]]
    return {
        "cases": len(records),
        "passed": outcomes.count("passed"),
        "failed": outcomes.count("failed"),
        "skipped": outcomes.count("skipped"),
        "tensors": len(tensors),
        "elements": sum(tensor["size"] for tensor in tensors),
        "tasks": sum(graph["tasks"] for graph in graphs if graph is not None),
        "findings": sum(len(record["findings"]) for record in records),
        "compiled": _sum(record["compiled"] for record in records),
        "cache_hits": _sum(record["cache_hits"] for record in records),
        "sanitizer": sanitizer_totals(records),
    }


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def summary_lines(
    records: Sequence[CaseRecord], slowest: int = 0, *, strict: bool = False
) -> list[str]:
    """The closing section: totals, and the slowest cases with their slowest kernels.

    Args:
        records: of the session's cases.
        slowest: how many cases are listed.
        strict: list what goldens leave to defaults.
    """
    sums = totals(records)
    counts = (
        (sums["passed"], "passed"),
        (sums["failed"], "failed"),
        (sums["skipped"], "skipped"),
    )
    outcomes = ", ".join(f"{count} {outcome}" for count, outcome in counts if count)
    lines = [
        f"{counted(sums['cases'], 'case')}: {outcomes}",
        compared(sums),
        *sanitizer_lines(records),
        *dump_lines([record["dump"] for record in records if record["dump"] is not None]),
    ]
    if sums["compiled"] is not None or sums["cache_hits"] is not None:
        lines.append(
            f"{counted(sums['compiled'] or 0, 'object')} compiled, "
            f"{sums['cache_hits'] or 0} found in the cache"
        )
    lines += _compiler_lines(records)
    lines += _golden_cache_lines(records)
    if sums["findings"]:
        lines.append(f"{counted(sums['findings'], 'remark')} about goldens: see the warnings")
    if strict:
        lines += _default_lines(records)
    return [*lines, *_slowest_lines(records, slowest)]


def _compiler_lines(records: Sequence[CaseRecord]) -> list[str]:
    """Which compilers were taken because the session's lacks something."""
    taken = Counter(record["compiler"] for record in records if record["compiler"] is not None)
    return [
        f"{counted(number, 'case')} compiled by {compiler}, which has what PTO ISA needs"
        for compiler, number in taken.items()
    ]


def _golden_cache_lines(records: Sequence[CaseRecord]) -> list[str]:
    """How many expected outputs were found or stored, and why others are not."""
    origins = [record["golden_cache"] for record in records if record["golden_cache"] is not None]
    if not origins:
        return []
    why: dict[str, list[str]] = {}
    for record in records:
        reason = record["golden_cache"]
        if reason is not None and reason not in _KEPT:
            why.setdefault(reason, []).append(record["nodeid"])
    found, stored = (origins.count(each) for each in _KEPT)
    computed = len(origins) - found
    return [
        (
            f"{counted(len(origins), 'golden')}: {found} found in the cache, {computed} computed, "
            f"{stored} stored"
        ),
        *(
            f"not stored: {nodeids[0]}"
            + (f" and {len(nodeids) - 1} more" if nodeids[1:] else "")
            + f": {reason}"
            for reason, nodeids in why.items()
        ),
    ]


def _default_lines(records: Sequence[CaseRecord]) -> list[str]:
    """What each golden.py leaves to defaults, in any of its cases."""
    left: dict[str, dict[str, None]] = {}
    for record in records:
        left.setdefault(record["golden"], {}).update(dict.fromkeys(record["defaults"]))
    return [
        f"{golden} leaves to defaults: {'; '.join(names)}"
        for golden, names in left.items()
        if names
    ]


def _slowest_lines(records: Sequence[CaseRecord], slowest: int) -> list[str]:
    ranked = sorted(records, key=lambda record: -float(record["seconds"]))[:slowest]
    if not ranked:
        return []
    rows = [
        (
            duration(record["seconds"]),
            duration(record["phases"].get("execute", 0.0)),
            record["nodeid"],
            _kernels(record),
        )
        for record in ranked
    ]
    first = max(len(row[0]) for row in rows)
    second = max(len(row[1]) for row in rows)
    lines = [f"slowest {counted(len(rows), 'case')} (total, graph):"]
    for total, graph, nodeid, kernels in rows:
        lines.append(f"  {total:>{first}}  {graph:>{second}}  {nodeid}")
        if kernels:
            lines.append(f"  {'':{first}}  {'':{second}}    {kernels}")
    return lines


def _kernels(record: CaseRecord) -> str:
    parts = [
        f"{kernel['kernel']} {duration(kernel['seconds'])} in {counted(kernel['tasks'], 'task')}"
        for kernel in record["kernels"][:_SHOWN_KERNELS]
    ]
    return ", ".join(parts)


def compared(sums: TotalsRecord) -> str:
    """How much was compared and simulated."""
    tensors, elements = counted(sums["tensors"], "tensor"), counted(sums["elements"], "element")
    tasks = counted(sums["tasks"], "task")
    return f"{tensors} with {elements} compared, {tasks} simulated"
