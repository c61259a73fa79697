"""What a run has kept of tasks' arguments: data from the engine's tables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import ffi, lib, text
from pytest_a2a3sim.model.dump import Description, RawDump, RawRange, RawTask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.tensor import Tensor


def dump_of(run: Any, tensors: Sequence[Tensor]) -> RawDump:
    """What a run of the engine that has ended has kept.

    Args:
        run: an ``a2a3_run*``.
        tensors: in the order that the engine knows them in.
    """
    count = ffi.new("int64_t*")
    listed = lib.a2a3_run_dumped_ranges(run, count)
    begins: dict[int, int] = {}
    ranges = tuple(_range(raw, run, begins) for raw in listed[0 : count[0]])
    tasks = lib.a2a3_run_dumped_tasks(run, count)
    gaps = ffi.new("a2a3_dump_gaps*")
    lib.a2a3_run_dump_gaps(run, gaps)
    return RawDump(
        descriptions=descriptions_of(run, tensors),
        tasks=tuple(_task(raw) for raw in tasks[0 : count[0]]),
        ranges=ranges,
        left_out=gaps.left_out,
        error=os.strerror(gaps.error) if gaps.error else "",
    )


def descriptions_of(run: Any, tensors: Sequence[Tensor]) -> tuple[Description, ...]:
    """What device memory holds, as a run of the engine that has ended has kept it."""
    count = ffi.new("int64_t*")
    described = lib.a2a3_run_descriptions(run, count)
    return tuple(_description(raw, tensors) for raw in described[0 : count[0]])


def _description(raw: Any, tensors: Sequence[Tensor]) -> Description:
    if raw.tensor >= 0:
        return Description(raw.buffer, raw.offset, raw.size, tensors[raw.tensor].name)
    return Description(
        buffer=raw.buffer,
        offset=raw.offset,
        size=raw.size,
        tensor=None,
        name=text(raw.name),
        dtype=text(raw.dtype),
        shape=tuple(raw.shape[0 : raw.dimensions]),
    )


def _range(raw: Any, run: Any, begins: dict[int, int]) -> RawRange:
    if raw.buffer not in begins:
        buffer = ffi.new("a2a3_buffer*")
        lib.a2a3_run_buffer(run, raw.buffer, buffer)
        begins[raw.buffer] = buffer.begin
    return RawRange(
        buffer=raw.buffer,
        begin=begins[raw.buffer] + raw.offset,
        size=raw.size,
        description=raw.description if raw.description >= 0 else None,
        changed=bool(raw.changed),
        found=raw.found if raw.found >= 0 else None,
        left=raw.left if raw.left >= 0 else None,
    )


def _task(raw: Any) -> RawTask:
    return RawTask(
        task=raw.task,
        func_id=raw.func_id,
        finished=bool(raw.finished),
        arguments=tuple(raw.args[0 : raw.arg_count]),
        ranges=tuple(index if index >= 0 else None for index in raw.ranges[0 : raw.arg_count]),
    )
