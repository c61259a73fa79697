"""The engine's reasons of edges -> data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import ffi, lib, names
from pytest_a2a3sim.model.dependency import Dependency, region_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.tensor import Tensor

_KINDS = {"raw": "RAW", "raw_waw": "RAW+WAW"}


def dependencies_of(run: Any, tensors: Sequence[Tensor]) -> tuple[Dependency, ...]:
    """Those of a run that records them; ``tensors`` in the order that the engine knows them in."""
    count = ffi.new("int64_t*")
    listed = lib.a2a3_run_dependencies(run, count)
    kinds = names("a2a3_dependency_kind", "A2A3_DEPENDENCY_")
    return tuple(_dependency(item, kinds, tensors) for item in listed[0 : count[0]])


def _dependency(raw: Any, kinds: Mapping[int, str], tensors: Sequence[Tensor]) -> Dependency:
    kind = kinds[raw.kind]
    sources = range(raw.source, raw.source + raw.source_count)
    targets = range(raw.target, raw.target + raw.target_count)
    if raw.buffer < 0:
        return Dependency(sources, targets, kind)
    name = tensors[raw.tensor].name if raw.tensor >= 0 else f"buffer #{raw.buffer}"
    shape, strides = list(raw.shape[0 : raw.ndims]), list(raw.strides[0 : raw.ndims])
    region = region_of(raw.start, shape, strides)
    return Dependency(sources, targets, _KINDS.get(kind, kind), name, region)
