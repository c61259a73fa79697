"""Host tensors where the simulating process finds them."""

from __future__ import annotations

import mmap
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pytest_a2a3sim.engine.library import check, ffi, lib

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.tensor import Bytes, Tensor


class HostMemory(AbstractContextManager["HostMemory"]):
    """A copy of every tensor, until the context ends.

    The simulating process shares the outputs. It has the other tensors to itself: what it writes
    into them is not seen here.
    """

    def __init__(self, inputs: CaseInputs) -> None:
        tensors = inputs.tensors
        by_sharing = sorted(tensors.values(), key=lambda tensor: tensor.name in inputs.outputs)
        self._tensors: Mapping[str, Tensor] = {tensor.name: tensor for tensor in by_sharing}
        self._offsets: dict[str, int] = {}
        sizes = {False: 0, True: 0}
        for tensor in by_sharing:
            self._offsets[tensor.name] = sum(sizes.values())
            pages = max(1, -(-tensor.nbytes // mmap.PAGESIZE))
            sizes[tensor.name in inputs.outputs] += pages * mmap.PAGESIZE
        holder = ffi.new("a2a3_window**")
        check(
            lib.a2a3_window_create(sizes[False], sizes[True], holder),
            "there is no memory for the host tensors",
        )
        self.window: Any = holder[0]
        for name, tensor in tensors.items():
            self.bytes_of(name)[:] = tensor.raw()

    def __exit__(self, *_: object) -> None:
        """Frees the memory; arrays over it must not be used afterwards."""
        lib.a2a3_window_destroy(self.window)

    def address(self, name: str) -> int:
        """Where a tensor begins."""
        return int(ffi.cast("uintptr_t", lib.a2a3_window_data(self.window))) + self._offsets[name]

    def bytes_of(self, name: str) -> Bytes:
        """A tensor's bytes as they are now, shape ``(nbytes,)``, without a copy.

        Those of an output are what the simulating process has written into it.
        """
        nbytes = self._tensors[name].nbytes
        pointer = ffi.cast("char*", self.address(name))
        view: npt.NDArray[np.uint8] = np.frombuffer(ffi.buffer(pointer, nbytes), dtype=np.uint8)
        return view

    def names(self) -> list[str]:
        """Names by ascending address."""
        return list(self._tensors)

    def tensors(self) -> list[Tensor]:
        """What it holds, by ascending address."""
        return list(self._tensors.values())
