"""What the sanitizer has found -> its part of a case's record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.shown_path import shown_path
from pytest_a2a3sim.reporting.witness_text import witness_record

if TYPE_CHECKING:
    from pytest_a2a3sim.model.core import CoreStep
    from pytest_a2a3sim.model.record import (
        CoreStepRecord,
        FindingRecord,
        SanitizerRecord,
        SourceRecord,
        SuppressionRecord,
    )
    from pytest_a2a3sim.model.sanitizer import Finding, SanitizerReport, Suppressed
    from pytest_a2a3sim.model.source_line import SourceLine


def sanitizer_record(report: SanitizerReport, root: Path) -> SanitizerRecord:
    """The record of a report; paths below ``root`` are relative to it."""
    return {
        "checks": list(report.checks),
        "tasks": report.tasks,
        "accesses": report.accesses,
        "bytes": report.bytes,
        "blind_bytes": report.blind_bytes,
        "instructions": report.instructions,
        "undecided": report.undecided,
        "exchanging": report.exchanging,
        "suppressed": report.suppressed,
        "total": report.total,
        "findings": [_finding(finding, root) for finding in report.findings],
        "suppressions": [suppression_record(each, root) for each in report.suppressions],
    }


def suppression_record(suppressed: Suppressed, root: Path) -> SuppressionRecord:
    """The record of a suppression; paths below ``root`` are relative to it."""
    what = suppressed.suppression
    return {
        "check": what.check,
        "kernels": list(what.kernels),
        "tensor": what.tensor,
        "reason": what.reason,
        "file": None if what.path is None else shown_path(what.path, root),
        "findings": suppressed.findings,
    }


def _finding(finding: Finding, root: Path) -> FindingRecord:
    core = finding.core
    return {
        "check": finding.check,
        "kind": finding.kind,
        "space": finding.space,
        "tasks": list(finding.tasks),
        "kernels": list(finding.kernels),
        "sources": [_source(source, root) for source in finding.sources],
        "buffer": finding.buffer,
        "tensor": finding.tensor,
        "offset": finding.offset,
        "bytes": finding.bytes,
        "submissions": [_source(source, root) for source in finding.submissions],
        "mend": finding.mend,
        "edge": None if finding.edge is None else list(finding.edge),
        "consequence": finding.consequence,
        "count": finding.count,
        "instructions": [] if core is None else list(core.instructions),
        "pipes": [] if core is None else list(core.pipes),
        "stream": [] if core is None else [_step(step, root) for step in core.stream],
        "witness": witness_record(finding.witness),
    }


def _step(step: CoreStep, root: Path) -> CoreStepRecord:
    return {
        "kind": step.kind,
        "pipe": step.pipe,
        "destination": step.destination,
        "event": step.event,
        "name": step.name,
        "source": _source(step.source, root),
    }


def _source(source: SourceLine | None, root: Path) -> SourceRecord | None:
    if source is None:
        return None
    return {"file": shown_path(Path(source.file), root), "line": source.line}
