"""The engine's structures about a sanitized run -> data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import ffi, lib, names, values
from pytest_a2a3sim.model.data_flow import DataFlow, Flow
from pytest_a2a3sim.model.sanitized import RawBuffer, RawFinding, Sanitized

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_a2a3sim.model.case import LoadedObject
    from pytest_a2a3sim.model.sanitizer import Check
    from pytest_a2a3sim.model.tensor import Tensor


def check_bits(checks: Iterable[Check]) -> int:
    """The a2a3_check bits of checks."""
    bits = values("a2a3_check", "A2A3_CHECK_")
    return sum(bits[check] for check in checks)


def sanitized_of(
    run: Any, ending: Any, tensors: Sequence[Tensor], objects: tuple[LoadedObject, ...]
) -> Sanitized:
    """What a run of the engine has found.

    Args:
        run: an ``a2a3_run*`` that has ended.
        ending: its ``a2a3_ending*``.
        tensors: in the order that the engine knows them in.
        objects: that the simulating process had loaded.
    """
    count = ffi.new("int64_t*")
    listed = lib.a2a3_run_findings(run, count)
    findings = tuple(_finding(raw, tensors) for raw in listed[0 : count[0]])
    numbers = {finding.buffer for finding in findings if finding.buffer is not None}
    totals = ending.sanitized
    return Sanitized(
        tasks=totals.tasks,
        accesses=totals.accesses,
        bytes=totals.bytes,
        blind_bytes=totals.blind_bytes,
        undecided=totals.undecided,
        total=totals.findings,
        findings=findings,
        buffers={number: _buffer(run, number) for number in sorted(numbers)},
        objects=objects,
    )


def _finding(raw: Any, tensors: Sequence[Tensor]) -> RawFinding:
    tasks = tuple(task for task in raw.tasks if task >= 0)
    check: Any = names("a2a3_check", "A2A3_CHECK_")[raw.check]
    return RawFinding(
        check=check,
        kind=names("a2a3_finding_kind", "A2A3_FINDING_")[raw.kind],
        tasks=tasks,
        place=names("a2a3_place_kind", "A2A3_PLACE_")[raw.place],
        is_reversed=bool(raw.is_reversed),
        is_consequence=bool(raw.is_consequence),
        writer=raw.writer if raw.writer >= 0 else None,
        tensor=tensors[raw.tensor].name if raw.tensor >= 0 else None,
        tensor_offset=raw.tensor_offset,
        buffer=raw.buffer if raw.buffer >= 0 else None,
        offset=raw.offset,
        span=raw.span,
        bytes=raw.bytes,
        codes=tuple(raw.codes[0 : len(tasks)]),
    )


def data_flow_of(
    run: Any, ending: Any, tensors: Sequence[Tensor], objects: tuple[LoadedObject, ...]
) -> DataFlow:
    """The flows that a run of the engine has recorded, and the answers to its questions."""
    count = ffi.new("int64_t*")
    flows = lib.a2a3_run_flows(run, count)
    kinds = names("a2a3_finding_kind", "A2A3_FINDING_")

    def flow(raw: Any) -> Flow:
        kind: Any = kinds[raw.kind].upper()
        tensor = tensors[raw.tensor].name if raw.tensor >= 0 else None
        return Flow(kind, raw.source, raw.to, raw.buffer, raw.bytes, raw.unread_bytes, tensor)

    listed = tuple(flow(raw) for raw in flows[0 : count[0]])
    given = lib.a2a3_run_task_args(run, count)
    arguments = tuple(tuple(raw.args[0 : raw.count]) for raw in given[0 : count[0]])
    writers = lib.a2a3_run_answers(run, count)
    return DataFlow(
        flows=listed,
        arguments=arguments,
        writers=tuple(writers[0 : count[0]]),
        buffers={number: _buffer(run, number) for number in range(ending.buffer_count)},
        objects=objects,
    )


def _buffer(run: Any, number: int) -> RawBuffer:
    raw = ffi.new("a2a3_buffer*")
    lib.a2a3_run_buffer(run, number, raw)
    return RawBuffer(raw.call, raw.begin, raw.size, raw.caller)
