"""The engine's structures about a case that has ended -> data."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.engine.library import core_name, ffi, names, text
from pytest_a2a3sim.model.case import LoadedObject
from pytest_a2a3sim.model.failure import Ending, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.tensor import Tensor


def ending_of(raw: Any) -> Ending:
    """An a2a3_ending."""
    phases = names("a2a3_phase", "A2A3_PHASE_")
    return Ending(
        failure=names("a2a3_failure", "A2A3_FAILURE_")[raw.failure],
        phase=phases[raw.phase],
        task_id=raw.task_id,
        func_id=raw.func_id,
        core=core_name(raw.core_type, raw.core_id),
        signal_number=raw.signal_number,
        signal_code=raw.signal_code,
        exit_status=raw.exit_status,
        address=raw.address if raw.has_address else None,
        access=names("a2a3_access", "A2A3_ACCESS_")[raw.access],
        stack_overflow=bool(raw.stack_overflow),
        missing_argument=raw.missing_argument,
        damage=bool(raw.damage),
        exception=bool(raw.exception),
        timed_out=bool(raw.timed_out),
        hang_seconds=raw.hang_seconds,
        phases={
            phases[i]: seconds for i, seconds in enumerate(raw.phase_seconds) if phases[i] != "done"
        },
        task_count=raw.task_count,
        edge_count=raw.edge_count,
        device_bytes_live=raw.device_bytes_live,
        refused_bytes=raw.refused_bytes,
        refused_call=raw.refused_call,
        peak_rss_bytes=raw.peak_rss_bytes,
        message=text(raw.message),
    )


def place_of(raw: Any, tensors: Sequence[Tensor]) -> Place:
    """An a2a3_place; ``tensors`` in the order that the engine knows them in."""
    tensor = tensors[raw.tensor] if raw.tensor >= 0 else None
    return Place(
        kind=names("a2a3_place_kind", "A2A3_PLACE_")[raw.kind],
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


def loaded_object_of(raw: Any) -> LoadedObject:
    """An a2a3_object."""
    return LoadedObject(raw.begin, raw.end, raw.bias, os.fsdecode(ffi.string(raw.path)))
