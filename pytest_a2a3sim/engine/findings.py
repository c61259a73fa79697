"""The engine's structures about a sanitized run -> data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import ffi, lib, names
from pytest_a2a3sim.model.data_flow import DataFlow, Flow
from pytest_a2a3sim.model.sanitized import (
    RawBuffer,
    RawCoreFinding,
    RawCoreStep,
    RawFinding,
    Sanitized,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.case import LoadedObject
    from pytest_a2a3sim.model.tensor import Tensor


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
        instructions=totals.instructions,
        undecided=totals.undecided,
        exchanging=totals.exchanging,
        derives=ending.rings[0].tasks > 0,  # only a runtime of tensors has rings
        total=totals.findings,
        findings=findings,
        core_findings=_core_findings(run),
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
        submitters=tuple(raw.submitters[0 : len(tasks)]),
    )


def _core_findings(run: Any) -> tuple[RawCoreFinding, ...]:
    count = ffi.new("int64_t*")
    listed = lib.a2a3_run_core_steps(run, count)
    steps = [_core_step(raw) for raw in listed[0 : count[0]]]
    found = lib.a2a3_run_core_findings(run, count)
    kinds, spaces = names("a2a3_core_finding_kind", "A2A3_CORE_FINDING_"), _upper("space")

    def finding(raw: Any) -> RawCoreFinding:
        check: Any = names("a2a3_check", "A2A3_CHECK_")[raw.check]
        return RawCoreFinding(
            check=check,
            kind=kinds[raw.kind].upper(),
            task=raw.task,
            tasks=raw.tasks,
            is_consequence=bool(raw.is_consequence),
            space=spaces.get(raw.space, ""),
            offset=raw.offset,
            bytes=raw.bytes,
            capacity=raw.capacity,
            about=tuple(step - raw.first_step for step in raw.steps if step >= 0),
            steps=tuple(steps[raw.first_step : raw.first_step + raw.step_count]),
        )

    return tuple(finding(raw) for raw in found[0 : count[0]])


def _core_step(raw: Any) -> RawCoreStep:
    pipes = _upper("pipe")
    kind = names("a2a3_core_step_kind", "A2A3_CORE_STEP_")[raw.kind]
    has_flag = kind in {"set", "wait"}
    return RawCoreStep(
        kind=kind,
        pipe=pipes.get(raw.pipe, str(raw.pipe)),
        destination=pipes.get(raw.destination, str(raw.destination)) if has_flag else None,
        event=raw.event if has_flag or kind == "skipped" else None,
        name=ffi.string(raw.name).decode("ascii", "replace"),
        code=raw.code,
    )


def _upper(what: str) -> dict[int, str]:
    found = names(f"a2a3_{what}", f"A2A3_{what.upper()}_")
    return {value: name.upper() for value, name in found.items()}


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
