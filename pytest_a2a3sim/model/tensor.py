"""Arrays as authors make them (NumPy, ml_dtypes, torch) and the bytes that the device sees."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from pytest_a2a3sim.model.frozen import frozen

Bytes = npt.NDArray[np.uint8]

_LARGE = 1 << 20  # bytes
_BLOCK = 1 << 18  # bytes: with what comparing them makes, they stay in a CPU's cache

STANDARD_DTYPES = frozenset(
    ["bool", "float16", "float32", "float64"]
    + [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
)


def is_torch_tensor(value: object) -> bool:
    """Whether ``value`` is a torch.Tensor; torch is never imported for the question."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def is_array(value: object) -> bool:
    """Whether ``value`` is an array of a kind that authors may use."""
    return isinstance(value, np.ndarray) or is_torch_tensor(value)


@frozen
class Tensor:
    """An author's array that nobody changes: each user gets a copy of its own.

    Attributes:
        name: its name in golden.py.
        original: the author's object.
        shape: as the author made it.
        dtype: NumPy's, torch's or ml_dtypes' name, such as ``"bfloat16"``.
        nbytes: of the elements, stored contiguously in C order.
    """

    name: str
    original: Any
    shape: tuple[int, ...]
    dtype: str
    nbytes: int

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def is_large(self) -> bool:
        """Whether a copy takes longer than to see to it that none is needed."""
        return self.nbytes >= _LARGE

    @property
    def is_in_c_order(self) -> bool:
        """Whether the author's object has its elements as the device gets them."""
        if is_torch_tensor(self.original):
            return bool(self.original.is_contiguous())
        return bool(self.original.flags.c_contiguous)

    @property
    def is_read_only(self) -> bool:
        """Whether its author forbade writing to it."""
        return isinstance(self.original, np.ndarray) and not self.original.flags.writeable

    def copy(self) -> Any:
        """A new writable object of the author's kind, dtype, shape and values."""
        if is_torch_tensor(self.original):
            return self.original.detach().clone()
        return np.array(self.original, copy=True, order="K")

    def zeros(self) -> Any:
        """The same with all bytes zero."""
        if is_torch_tensor(self.original):
            import torch  # noqa: PLC0415 - torch is optional

            return torch.zeros_like(self.original, requires_grad=False)
        return np.zeros(self.shape, dtype=self.original.dtype)

    def raw(self) -> Bytes:
        """The elements' bytes in C order, shape ``(nbytes,)``; may share the author's memory."""
        return raw_bytes(self.original)

    def revive(self, raw: Bytes) -> Any:
        """An object of the author's kind over bytes like those of :meth:`raw`."""
        if is_torch_tensor(self.original):
            import torch  # noqa: PLC0415 - torch is optional

            if not self.nbytes:  # torch cannot view an empty tensor as another dtype
                return torch.empty(self.shape, dtype=self.original.dtype)
            flat = torch.from_numpy(raw).view(self.original.dtype)
            return flat.reshape(self.shape)
        return raw.view(self.original.dtype).reshape(self.shape)

    def numbers(self, raw: Bytes) -> npt.NDArray[Any]:
        """Bytes like those of :meth:`raw` as a NumPy array, shape ``self.shape``.

        Types that NumPy does not have (bfloat16, float8) are widened to float32, which holds
        each of their values exactly.
        """
        return self.flat_numbers(raw).reshape(self.shape)

    def flat_numbers(self, raw: Bytes) -> npt.NDArray[Any]:
        """The same for the bytes of any number of elements, shape ``(elements,)``."""
        if self.dtype in STANDARD_DTYPES:
            return raw.view(self.dtype)
        if is_torch_tensor(self.original):
            import torch  # noqa: PLC0415 - torch is optional

            typed = torch.from_numpy(raw.copy()).view(self.original.dtype)
            widened: npt.NDArray[Any] = typed.float().numpy()
            return widened
        with np.errstate(invalid="ignore"):  # a signalling NaN becomes a quiet one
            numbers: npt.NDArray[Any] = raw.view(self.original.dtype).astype(np.float32)
        return numbers


def raw_bytes(array: Any) -> Bytes:
    """An array's elements in C order as bytes, shape ``(nbytes,)``."""
    if is_torch_tensor(array):
        import torch  # noqa: PLC0415 - torch is optional

        flat = array.detach().contiguous().reshape(-1)
        viewed: Bytes = flat.view(torch.uint8).numpy()
        return viewed
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def as_torch(array: Any) -> Any:
    """A torch tensor that shares an array's memory; the array itself where torch has no such."""
    import torch  # noqa: PLC0415 - torch is optional

    if not isinstance(array, np.ndarray):
        return array
    if array.dtype.name == "bfloat16" and array.ndim:
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    try:
        return torch.from_numpy(array)
    except TypeError:  # of a dtype that torch lacks
        return array


def dtype_name(array: Any) -> str:
    """The dtype's plain name: ``"float32"`` for NumPy's and for torch's."""
    return str(array.dtype).removeprefix("torch.")


def same_bytes(one: Bytes, other: Bytes) -> bool:
    """Whether both are the same; those that differ early are not read to their ends."""
    return one.nbytes == other.nbytes and all(
        bool((one[first : first + _BLOCK] == other[first : first + _BLOCK]).all())
        for first in range(0, one.nbytes, _BLOCK)
    )
