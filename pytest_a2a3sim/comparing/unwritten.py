"""Elements of outputs that do not match because the device never wrote them.

An element that was copied back still holding the poison of fresh memory may also be a value that a
kernel computed (-1, 255, a NaN). A second run with another poison decides: what nobody writes is
that poison then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_a2a3sim.engine.compare import mismatch_mask
from pytest_a2a3sim.engine.request import OTHER_POISON, POISON
from pytest_a2a3sim.model.diff import Unwritten

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.diff import Pair
    from pytest_a2a3sim.model.recording import CopiedRange
    from pytest_a2a3sim.model.tensor import Bytes, Tensor

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Suspects:
    """Mismatches that may never have been written.

    Attributes:
        not_copied: by output, those of which no byte came from the device.
        poisoned: by output, those that hold the poison of fresh memory.
        tensors: the outputs.
    """

    not_copied: Mapping[str, Mask]
    poisoned: Mapping[str, Mask]
    tensors: Mapping[str, Tensor]


def find_suspects(pairs: Sequence[Pair], copied: Sequence[CopiedRange]) -> Suspects:
    """Looks at the mismatches of outputs.

    Args:
        pairs: the outputs that do not match.
        copied: what was copied back.
    """
    not_copied: dict[str, Mask] = {}
    poisoned: dict[str, Mask] = {}
    for pair in pairs:
        tensor = pair.tensor
        wrong = mismatch_mask(pair).astype(bool)
        missing = wrong & ~_was_copied(tensor, copied)
        if missing.any():
            not_copied[tensor.name] = missing
        holding = wrong & ~missing & _all_bytes_are(tensor, pair.actual, POISON)
        if holding.any():
            poisoned[tensor.name] = holding
    return Suspects(not_copied, poisoned, {pair.tensor.name: pair.tensor for pair in pairs})


def find_unwritten(suspects: Suspects, again: Mapping[str, Bytes] | None) -> tuple[Unwritten, ...]:
    """The suspects that were never written.

    Args:
        suspects: of a first run.
        again: bytes of the outputs of a second one with the other poison; None if there is none,
            and every suspect counts.
    """
    found = [
        _unwritten(suspects.tensors[name], "copied back", mask)
        for name, mask in suspects.not_copied.items()
    ]
    for name, holding in suspects.poisoned.items():
        tensor = suspects.tensors[name]
        unwritten = holding
        if again is not None:
            unwritten = holding & _all_bytes_are(tensor, again[name], OTHER_POISON)
        if unwritten.any():
            found.append(_unwritten(tensor, "written", unwritten))
    return tuple(found)


def _was_copied(tensor: Tensor, copied: Sequence[CopiedRange]) -> Mask:
    """Elements with at least a byte from the device."""
    mask = np.zeros(tensor.nbytes, dtype=bool)
    for item in copied:
        if item.tensor == tensor.name:
            mask[item.offset : item.offset + item.size] = True
    return np.asarray(_by_element(tensor, mask).any(axis=1))


def _all_bytes_are(tensor: Tensor, raw: Bytes, value: int) -> Mask:
    return np.asarray(_by_element(tensor, raw == value).all(axis=1))


def _by_element(tensor: Tensor, of_bytes: Mask) -> Mask:
    return of_bytes.reshape(tensor.size, -1) if tensor.size else of_bytes.reshape(0, 1)


def _unwritten(tensor: Tensor, what: Literal["written", "copied back"], mask: Mask) -> Unwritten:
    first = int(np.argmax(mask))
    index = tuple(int(i) for i in np.unravel_index(first, tensor.shape)) if tensor.shape else ()
    return Unwritten(tensor.name, what, int(np.count_nonzero(mask)), tensor.size, index)
