"""Host tensors where the simulating process finds them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pytest_a2a3sim.engine.library import check, ffi, lib
from pytest_a2a3sim.engine.process_server import process_server_of
from pytest_a2a3sim.model.errors import GoldenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.between_cases import BetweenCases
    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.tensor import Bytes, Tensor
    from pytest_a2a3sim.model.values import Isolation


class HostMemory(AbstractContextManager["HostMemory"]):
    """A copy of every tensor, until the context ends.

    The simulating process shares the outputs. It has the other tensors to itself: what it writes
    into them is not seen here, nor does it see what is written here while it runs.
    """

    def __init__(
        self,
        inputs: CaseInputs,
        between: BetweenCases | None = None,
        isolation: Isolation = "fork",
        threads: int = 1,
    ) -> None:
        """Copies the tensors.

        Args:
            inputs: that have them.
            between: of the session whose process server is to start the case, if possible.
            isolation: of the case, which no server starts unless it is True.
            threads: that copy large tensors.

        Raises:
            EngineError: there is no memory.
            GoldenError: a tensor has another size than it had.
        """
        self.process_server = process_server_of(between if isolation is True else None)
        tensors = inputs.tensors
        by_sharing = sorted(tensors.values(), key=lambda tensor: tensor.name in inputs.outputs)
        self._tensors: Mapping[str, Tensor] = {tensor.name: tensor for tensor in by_sharing}
        self._indices = {name: index for index, name in enumerate(self._tensors)}
        self._outputs = frozenset(inputs.outputs)
        self._zeros: set[str] = set()
        sizes = [tensor.nbytes for tensor in by_sharing]
        private = len(sizes) - len(self._outputs)
        served = self.process_server != ffi.NULL
        holder = ffi.new("a2a3_window**")
        check(
            lib.a2a3_window_create(sizes, private, len(sizes), served, threads, holder),
            "there is no memory for the host tensors",
        )
        self.window: Any = holder[0]
        self._lent = {False: 0, True: 0}  # inputs, and outputs
        self._is_left = False
        try:
            for tensor in tensors.values():
                self._fill(tensor, threads)
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_: object) -> None:
        """Frees the memory once nothing of it is lent; others' arrays must not be used any more."""
        self._is_left = True
        self.drop_inputs()
        self._free()

    def _fill(self, tensor: Tensor, threads: int) -> None:
        raw = tensor.raw()
        if raw.nbytes != tensor.nbytes:
            raise GoldenError(
                f"golden.py has resized tensor {tensor.name!r} since generate_inputs returned it\n"
                f"  It has {raw.nbytes:,} bytes, and had {tensor.nbytes:,}.\n"
                "Have generate_inputs return an array that nothing changes later."
            )
        index, is_zero = self._indices[tensor.name], ffi.new("int32_t*")
        check(
            lib.a2a3_window_fill(self.window, index, ffi.from_buffer(raw), threads, is_zero),
            "there is no memory for the host tensors",
        )
        if is_zero[0]:
            self._zeros.add(tensor.name)

    def address(self, name: str) -> int:
        """Where a tensor begins."""
        pointer = lib.a2a3_window_tensor(self.window, self._indices[name])
        return int(ffi.cast("uintptr_t", pointer))

    def bytes_of(self, name: str) -> Bytes:
        """A tensor's bytes as they are now, shape ``(nbytes,)``, without a copy.

        Those of an output are what the simulating process has written into it.
        """
        return self._array(name, ffi.cast("char*", self.address(name)))

    def keep(self, name: str) -> Bytes:
        """The same for longer than the context lasts."""
        return self.lend(name) if self._tensors[name].is_large else self.bytes_of(name).copy()

    def lend(self, name: str) -> Bytes:
        """The same without a copy: the memory is there as long as the array."""
        is_output = name in self._outputs
        self._lent[is_output] += 1
        pointer = ffi.cast("char*", self.address(name))
        return self._array(name, ffi.gc(pointer, lambda _: self._take_back(is_output)))

    def is_zero(self, name: str) -> bool:
        """Whether it is known that all bytes of a tensor were zero at first."""
        return name in self._zeros

    def _array(self, name: str, pointer: Any) -> Bytes:
        buffer = ffi.buffer(pointer, self._tensors[name].nbytes)  # keeps the pointer
        view: npt.NDArray[np.uint8] = np.frombuffer(buffer, dtype=np.uint8)
        return view

    def drop_inputs(self) -> None:
        """Frees what is not an output, unless some of it is lent; nobody looks at it any more."""
        if not self._lent[False]:
            lib.a2a3_window_drop_private(self.window)

    def _take_back(self, is_output: bool) -> None:  # noqa: FBT001 - which of two
        self._lent[is_output] -= 1
        self._free()

    def _free(self) -> None:
        if self._is_left and not any(self._lent.values()) and self.window is not None:
            lib.a2a3_window_destroy(self.window)
            self.window = None

    def names(self) -> list[str]:
        """Names by ascending address."""
        return list(self._tensors)

    def tensors(self) -> list[Tensor]:
        """What it holds, by ascending address."""
        return list(self._tensors.values())
