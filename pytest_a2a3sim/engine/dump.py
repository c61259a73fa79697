"""What a run keeps of tasks' arguments: the engine's request from data, data from its tables."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import ffi, lib, text
from pytest_a2a3sim.model.dump import Description, RawDump, RawRange, RawTask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_a2a3sim.model.tensor import Tensor


@dataclass(frozen=True)
class DumpRequest:
    """Which tasks are looked at, and where the bytes go.

    Attributes:
        descriptor: of an empty file, open for reading and writing.
        limit: bytes that it may get.
        everything: look at all tasks,
        tasks: or at these,
        func_ids: and those of these kernels.
        changes_only: keep nothing but what the orchestration describes, as the first task that has
            it among its arguments and those that change it leave it.
    """

    descriptor: int
    limit: int
    everything: bool = False
    tasks: tuple[int, ...] = ()
    func_ids: tuple[int, ...] = ()
    changes_only: bool = False


def dump_request_of(
    asked: DumpRequest | None, array: Callable[[str, list[Any]], Any]
) -> dict[str, Any]:
    """The fields of an ``a2a3_dump_request``; ``array`` makes C arrays that last long enough."""
    if asked is None:
        return {"limit": 0}
    return {
        "limit": asked.limit,
        "descriptor": asked.descriptor,
        "all": asked.everything,
        "tasks": array("int32_t", list(asked.tasks)),
        "task_count": len(asked.tasks),
        "func_ids": array("int32_t", list(asked.func_ids)),
        "func_id_count": len(asked.func_ids),
        "changes_only": asked.changes_only,
    }


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
