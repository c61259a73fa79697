"""Elements of outputs that the device never wrote.

An element that was copied back still holding the poison of fresh memory may also be a value that a
kernel computed (-1, 255, a NaN), and may even be the expected one. A second run with another poison
decides: what nobody writes is that poison then.
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

    from pytest_a2a3sim.model.diff import Pair, TensorDiff
    from pytest_a2a3sim.model.recording import CopiedRange
    from pytest_a2a3sim.model.tensor import Bytes, Tensor

    Mask = npt.NDArray[np.bool_]

_NAN_TYPES = frozenset({"float16", "float32", "float64", "bfloat16"})


@dataclass(frozen=True)
class Suspects:
    """Elements that may never have been written.

    Attributes:
        not_copied: by output, mismatches of which no byte came from the device.
        poisoned: by output, elements that came from the device with the poison of fresh memory.
        tensors: the outputs.
    """

    not_copied: Mapping[str, Mask]
    poisoned: Mapping[str, Mask]
    tensors: Mapping[str, Tensor]


def find_suspects(
    pairs: Sequence[Pair], diffs: Sequence[TensorDiff], copied: Sequence[CopiedRange]
) -> Suspects:
    """Looks at the outputs of a run.

    Args:
        pairs: the outputs.
        diffs: their comparisons.
        copied: what was copied back.
    """
    not_copied: dict[str, Mask] = {}
    poisoned: dict[str, Mask] = {}
    for pair, diff in zip(pairs, diffs, strict=True):
        tensor = pair.tensor
        came = None
        if not diff.passed:
            came = _was_copied(tensor, copied)
            missing = mismatch_mask(pair).astype(bool) & ~came
            if missing.any():
                not_copied[tensor.name] = missing
        if not _may_hold_poison(diff):
            continue
        holding = _all_bytes_are(tensor, pair.actual, POISON)
        if holding.any():
            holding &= _was_copied(tensor, copied) if came is None else came
        if holding.any():
            poisoned[tensor.name] = holding
    return Suspects(not_copied, poisoned, {pair.tensor.name: pair.tensor for pair in pairs})


def find_unwritten(
    suspects: Suspects, again: Mapping[str, Bytes] | None, diffs: Sequence[TensorDiff]
) -> tuple[Unwritten, ...]:
    """The suspects that were never written.

    Args:
        suspects: of a first run.
        again: bytes of the outputs of a second one with the other poison; None if there is none,
            and every suspect of an output that does not match counts.
        diffs: comparisons of the outputs in the first run.
    """
    matching = {diff.name for diff in diffs if diff.passed}
    found = [
        _unwritten(suspects.tensors[name], "copied back", mask)
        for name, mask in suspects.not_copied.items()
    ]
    for name, holding in suspects.poisoned.items():
        tensor = suspects.tensors[name]
        unwritten = holding
        if again is None and name in matching:
            continue
        if again is not None:
            unwritten = holding & _all_bytes_are(tensor, again[name], OTHER_POISON)
        if unwritten.any():
            found.append(_unwritten(tensor, "written", unwritten))
    return tuple(found)


def _may_hold_poison(diff: TensorDiff) -> bool:
    """Whether an element can hold the poison: in these types it is a NaN, which was counted."""
    return diff.dtype not in _NAN_TYPES or diff.actual_census.nan > 0


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
