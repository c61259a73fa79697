"""What the engine has found -> findings that name kernels, source lines and elements."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.core_findings import codes_of, core_finding, folded, leave_out_core
from pytest_a2a3sim.failures.runtime_words import mend_of, origin_of
from pytest_a2a3sim.failures.suppressed import applicable, leave_out
from pytest_a2a3sim.failures.symbolize import Symbolizer
from pytest_a2a3sim.failures.words import source_of
from pytest_a2a3sim.model.sanitizer import Finding, SanitizerReport
from pytest_a2a3sim.model.source_line import SourceLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_a2a3sim.failures.symbolize import Frame
    from pytest_a2a3sim.model.case import BuiltCase
    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.sanitized import RawCoreFinding, RawFinding, Sanitized
    from pytest_a2a3sim.model.sanitizer import Suppression
    from pytest_a2a3sim.model.tensor import Tensor

_MEMCHECK_KINDS = {"freed_buffer": "FREED", "tensor": "HOST", "near_tensor": "HOST"}


def report_of(
    completion: Completion,
    checks: tuple[Check, ...],
    built: BuiltCase,
    tensors: Mapping[str, Tensor],
    suppressions: Iterable[Suppression] = (),
) -> SanitizerReport | None:
    """The report of a sanitized run; None of another one.

    Args:
        completion: what the engine knows.
        checks: that were made.
        built: the objects that ran.
        tensors: of the host, by name.
        suppressions: of findings to leave out, some of which may be about other directories.
    """
    sanitized, recording = completion.sanitized, completion.recording
    if sanitized is None:
        return None
    kernels = {kernel.spec.func_id: kernel.spec.name for kernel in built.kernels}
    runtime = built.runtime.runtime
    if runtime == "host_build_graph" and sanitized.derives:
        runtime = "tensormap_and_ringbuffer"  # whose API and rules it has since July 2026

    def kernel_of(task: int) -> str:
        return kernels[int(recording.func_ids[task])]

    usable = applicable(suppressions, checks, kernels.values(), tensors)
    kept, suppressed = leave_out(sanitized.findings, usable, kernel_of, recording)
    inside, counts = leave_out_core(sanitized.core_findings, usable, kernel_of)
    suppressed = tuple(
        replace(each, findings=each.findings + counts[each.suppression]) for each in suppressed
    )
    lines = _Lines(kept, inside, sanitized, built)
    count = sum(each.findings for each in suppressed)

    def finding_of(raw: RawFinding) -> Finding:
        tensor = None if raw.tensor is None else tensors.get(raw.tensor)
        buffer = None if raw.buffer is None else sanitized.buffers[raw.buffer]
        last = raw.tensor_offset + max(raw.span, 1) - 1
        allocation = None if buffer is None else lines.of(buffer.caller)
        return Finding(
            check=raw.check,
            kind=_kind(raw),
            space="GM",
            tasks=raw.tasks,
            kernels=tuple(map(kernel_of, raw.tasks)),
            sources=tuple(lines.of(code) for code in raw.codes),
            submissions=tuple(lines.of(code) for code in raw.submitters),
            access={"read": "read", "write": "write", "undefined": "read"}.get(raw.kind, ""),
            buffer=raw.buffer,
            call=None if buffer is None else buffer.call,
            allocation=allocation,
            origin="" if buffer is None else origin_of(buffer.call, allocation, runtime),
            size=None if buffer is None else buffer.size,
            tensor=raw.tensor,
            element=_element(tensor, raw.tensor_offset),
            last_element=_element(tensor, last),
            offset=raw.offset,
            span=raw.span,
            bytes=raw.bytes,
            edge=_edge(raw),
            mend=mend_of(_kind(raw), _edge(raw), runtime),
            consequence=raw.is_consequence,
            writer=raw.writer,
        )

    inner = folded(core_finding(raw, kernel_of(raw.task), lines.of) for raw in inside)
    return SanitizerReport(
        checks=checks,
        tasks=sanitized.tasks,
        accesses=sanitized.accesses,
        bytes=sanitized.bytes,
        blind_bytes=sanitized.blind_bytes,
        instructions=sanitized.instructions,
        undecided=sanitized.undecided,
        exchanging=sanitized.exchanging,
        suppressed=count,
        total=sanitized.total + len(inner) + counts.total() - count,
        findings=(
            *map(finding_of, kept),
            *inner,
        ),
        suppressions=suppressed,
    )


class _Lines:
    """Source lines of code addresses, all looked up at once."""

    def __init__(
        self,
        findings: Iterable[RawFinding],
        inside: Iterable[RawCoreFinding],
        sanitized: Sanitized,
        built: BuiltCase,
    ) -> None:
        codes = {code for finding in findings for code in (*finding.codes, *finding.submitters)}
        codes |= codes_of(inside)
        codes |= {buffer.caller for buffer in sanitized.buffers.values()}
        symbolizer = Symbolizer(sanitized.objects, built.paths)
        # The address is the one that a call returns to: the line is that of the byte before it.
        lines = symbolizer.lines(sorted(code - 1 for code in codes if code > 0))
        self._lines = {code: _source_line(lines.get(code - 1, ())) for code in codes}

    def of(self, code: int) -> SourceLine | None:
        return self._lines.get(code)


def _source_line(frames: Sequence[Frame]) -> SourceLine | None:
    file, line = source_of(frames)
    return None if file is None else SourceLine(file, line)


def _kind(raw: RawFinding) -> str:
    if raw.check == "racecheck":
        return raw.kind.upper()
    if raw.check == "initcheck":
        return "UNINITIALIZED"
    return _MEMCHECK_KINDS.get(raw.place, "OUT_OF_BOUNDS")


def _edge(raw: RawFinding) -> tuple[int, int] | None:
    if raw.check == "racecheck" and not raw.is_consequence:
        first, second = raw.tasks
        return (second, first) if raw.is_reversed else (first, second)
    if raw.check == "initcheck" and raw.writer is not None:
        return raw.writer, raw.tasks[0]
    return None


def _element(tensor: Tensor | None, offset: int) -> tuple[int, ...] | None:
    """Index of the element that holds a byte of a tensor; None outside of it."""
    if tensor is None or not 0 <= offset < tensor.nbytes:
        return None
    flat = offset // (tensor.nbytes // math.prod(tensor.shape))
    return _unravel(flat, tensor.shape)


def _unravel(flat: int, shape: Sequence[int]) -> tuple[int, ...]:
    index = []
    for extent in reversed(shape):
        flat, remainder = divmod(flat, extent)
        index.append(remainder)
    return tuple(reversed(index))
