"""The engine's C structures -> dataclasses. Reads fields only: it does not know cffi."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.running.failure import Place, PlaceKind, Report
from pytest_a2a3sim.running.symbolize import LoadedObject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.loading.tensors import Tensor

# By the values of a2a3_failure, a2a3_phase, a2a3_access and a2a3_place_kind.
_FAILURES = (
    "none",
    "load",
    "orchestration",
    "graph",
    "kernel_fault",
    "kernel_exit",
    "kernel_exception",
    "kernel_hang",
    "out_of_memory",
)
_PHASES = ("start", "load", "orchestrate", "check", "execute", "copy_back", "done")
_ACCESSES = ("accessed", "read", "wrote", "jumped")
_PLACES: tuple[PlaceKind, ...] = (
    "unknown",
    "null",
    "buffer",
    "near_buffer",
    "freed_buffer",
    "tensor",
    "near_tensor",
)


def report(raw: Any, message: str) -> Report:
    """An a2a3_report."""
    return Report(
        failure=_FAILURES[raw.failure],
        phase=_PHASES[raw.phase],
        task_id=raw.task_id,
        func_id=raw.func_id,
        core_type=raw.core_type,
        core_id=raw.core_id,
        signal_number=raw.signal_number,
        signal_code=raw.signal_code,
        exit_status=raw.exit_status,
        address=raw.address if raw.has_address else None,
        access=_ACCESSES[raw.access],  # type: ignore[arg-type]
        stack_overflow=bool(raw.stack_overflow),
        damage=bool(raw.damage),
        exception=bool(raw.exception),
        timed_out=bool(raw.timed_out),
        hang_seconds=raw.hang_seconds,
        phases=dict(zip(_PHASES[:-1], raw.phase_seconds, strict=False)),
        ticks_per_second=raw.ticks_per_second,
        origin_ticks=raw.origin_ticks,
        task_count=raw.task_count,
        edge_count=raw.edge_count,
        device_bytes_live=raw.device_bytes_live,
        refused_bytes=raw.refused_bytes,
        refused_call=raw.refused_call,
        peak_rss_bytes=raw.peak_rss_bytes,
        message=message,
    )


def place(raw: Any, tensors: Sequence[Tensor]) -> Place:
    """An a2a3_place; ``tensors`` in the order that the engine knows them in."""
    tensor = tensors[raw.tensor] if raw.tensor >= 0 else None
    return Place(
        kind=_PLACES[raw.kind],
        tensor=tensor.name if tensor else None,
        index=_element(tensor, raw.offset) if tensor else None,
        buffer=raw.buffer if raw.buffer >= 0 else None,
        call=raw.call,
        size=raw.size,
        offset=raw.offset,
    )


def _element(tensor: Tensor, offset: int) -> tuple[int, ...] | None:
    """Index of the element that holds byte ``offset`` of the tensor, None past its end."""
    if not 0 <= offset < tensor.nbytes:
        return None
    itemsize = tensor.nbytes // math.prod(tensor.shape)
    flat = offset // itemsize
    return tuple(int(i) for i in np.unravel_index(flat, tensor.shape)) if tensor.shape else ()


def loaded_object(raw: Any, path: str) -> LoadedObject:
    """An a2a3_object."""
    return LoadedObject(raw.begin, raw.end, raw.bias, path)
