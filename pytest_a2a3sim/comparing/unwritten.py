"""Elements of outputs that the device never wrote.

An element that was copied back still holding the poison of fresh memory may also be a value that a
kernel computed (-1, 255, a NaN), and may even be the expected one. A second run with another poison
decides: what nobody writes is that poison then.

Outputs are looked at in pieces, so that it takes little memory besides theirs.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.engine.compare import mismatch_mask
from pytest_a2a3sim.engine.request import OTHER_POISON, POISON
from pytest_a2a3sim.model.diff import Diagnosis, Pair, Unwritten
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.diff import TensorDiff, UnwrittenKind
    from pytest_a2a3sim.model.recording import CopiedRange
    from pytest_a2a3sim.model.tensor import Bytes, Tensor

    Mask = npt.NDArray[np.bool_]

_NAN_TYPES = frozenset({"float16", "float32", "float64", "bfloat16"})
_PIECE = 1 << 20  # elements that are looked at at a time


@frozen
class Suspect:
    """An output of which elements may never have been written.

    Attributes:
        pair: the output, and what is expected of it.
        came: ranges of its bytes that came from the device, ascending and apart.
    """

    pair: Pair
    came: tuple[tuple[int, int], ...]


def find_not_copied(
    pairs: Sequence[Pair], diffs: Sequence[TensorDiff], copied: Sequence[CopiedRange]
) -> list[Unwritten]:
    """Elements of which no byte came from the device.

    Those of an output that matches count only where other bytes were copied back twice: a tensor
    pair with the wrong address is a mistake, a part that is not copied back may be none.
    """
    found = []
    for pair, diff in zip(pairs, diffs, strict=True):
        came = _merged(pair.tensor, copied)
        sizes = sum(item.size for item in copied if item.tensor == pair.tensor.name)
        twice = sizes - sum(end - begin for begin, end in came)
        if diff.passed and not twice:
            continue
        tally, wrong = _Tally(), bool(twice)
        for start, piece in _pieces(pair):
            missing = _compared(~_came(piece.tensor, start, came), pair, start)
            if missing.any():
                tally.add(start, missing)
                wrong = wrong or bool((missing & mismatch_mask(piece).astype(bool)).any())
        if wrong:
            found += tally.unwritten(pair.tensor, "copied back", twice)
    return found


def find_suspects(
    pairs: Sequence[Pair], diffs: Sequence[TensorDiff], copied: Sequence[CopiedRange]
) -> list[Suspect]:
    """Outputs with elements that came from the device with the poison of fresh memory."""
    found = []
    for pair, diff in zip(pairs, diffs, strict=True):
        suspect = Suspect(pair, _merged(pair.tensor, copied))
        if _may_hold_poison(diff) and any(held.any() for _, held in _poisoned(suspect)):
            found.append(suspect)
    return found


def find_unwritten(
    suspects: Sequence[Suspect],
    again: Mapping[str, Bytes],
    own: Mapping[str, Bytes] | None = None,
) -> list[Unwritten]:
    """Elements of the suspects that hold device memory which nobody wrote.

    Args:
        suspects: of a first run.
        again: bytes of the outputs of a second one with the other poison.
        own: those of a third one with the other poison in no buffers but those that outputs are
            copied back from. What it does not change was copied from another buffer.
    """
    found = []
    for suspect in suspects:
        tensor = suspect.pair.tensor
        unwritten, copied = _Tally(), _Tally()
        for start, held in _poisoned(suspect):
            if held.any():
                nobodys = held & _is_other_poison(again, tensor, start, held.size)
                elsewhere = np.zeros_like(nobodys)
                if own is not None:
                    elsewhere = nobodys & ~_is_other_poison(own, tensor, start, held.size)
                unwritten.add(start, nobodys & ~elsewhere)
                copied.add(start, elsewhere)
        found += unwritten.unwritten(tensor, "written")
        found += copied.unwritten(tensor, "copied")
    return found


def proven(diffs: Sequence[TensorDiff], unwritten: Sequence[Unwritten]) -> tuple[TensorDiff, ...]:
    """The comparisons, where a second run has shown what bytes of fresh memory are: unwritten."""
    counts = {item.tensor: item.count for item in unwritten if item.what == "written"}
    return tuple(
        _with_unwritten(diff) if counts.get(diff.name) == diff.size - diff.matched else diff
        for diff in diffs
    )


def _with_unwritten(diff: TensorDiff) -> TensorDiff:
    """What is said of poison is said of unwritten elements, the other diagnoses stay."""
    count = diff.size - diff.matched
    subject = f"all {count} mismatches hold" if count > 1 else "the mismatch holds"
    text = f"never written: {subject} the bytes 0xFF of fresh device memory"
    unwritten = Diagnosis("unwritten", text, "never written")
    diagnoses = (unwritten if each.kind == "poison" else each for each in diff.diagnoses)
    return dataclasses.replace(diff, diagnoses=tuple(diagnoses))


def without_unwritten(
    pairs: Sequence[Pair], usual: Mapping[str, Bytes], own: Mapping[str, Bytes]
) -> list[Pair]:
    """The pairs, in which elements that nobody wrote do not count.

    Args:
        pairs: the outputs.
        usual: bytes of the outputs of a run with the usual poison.
        own: those of one with the other poison in the buffers that outputs are copied back from.
    """
    found = []
    for pair in pairs:
        name, size = pair.tensor.name, pair.tensor.size
        unwritten = _all_bytes_are(usual[name], POISON, size)
        unwritten &= _all_bytes_are(own[name], OTHER_POISON, size)
        compared = ~unwritten if pair.compared is None else pair.compared & ~unwritten
        found.append(dataclasses.replace(pair, compared=compared))
    return found


def _is_other_poison(outputs: Mapping[str, Bytes], tensor: Tensor, start: int, count: int) -> Mask:
    return _all_bytes_are(
        _elements(outputs[tensor.name], tensor, start, count), OTHER_POISON, count
    )


def _may_hold_poison(diff: TensorDiff) -> bool:
    """Whether an element can hold the poison: in these types it is a NaN, which was counted."""
    return diff.dtype not in _NAN_TYPES or diff.actual_census.nan > 0


def _poisoned(suspect: Suspect) -> Iterator[tuple[int, Mask]]:
    """By piece: where it starts, and which elements came from the device as poison."""
    for start, piece in _pieces(suspect.pair):
        held = _all_bytes_are(piece.actual, POISON, piece.tensor.size)
        if held.any():
            held &= _came(piece.tensor, start, suspect.came)
            held = _compared(held, suspect.pair, start)
        yield start, held


def _compared(mask: Mask, pair: Pair, start: int) -> Mask:
    """Those elements of a piece of the pair that compare_outputs has not left out."""
    return mask if pair.compared is None else mask & pair.compared[start : start + mask.size]


def _pieces(pair: Pair) -> Iterator[tuple[int, Pair]]:
    """Parts of a pair as pairs of their own, each with the flat index of its first element."""
    tensor = pair.tensor
    for start in range(0, tensor.size, _PIECE):
        count = min(_PIECE, tensor.size - start)
        actual = _elements(pair.actual, tensor, start, count)
        expected = _elements(pair.expected, tensor, start, count)
        part = dataclasses.replace(tensor, shape=(count,), nbytes=actual.size)
        yield start, Pair(part, actual, expected, pair.tolerance)


def _elements(raw: Bytes, tensor: Tensor, start: int, count: int) -> Bytes:
    itemsize = tensor.nbytes // tensor.size
    return raw[start * itemsize : (start + count) * itemsize]


def _merged(tensor: Tensor, copied: Sequence[CopiedRange]) -> tuple[tuple[int, int], ...]:
    """Ranges (begin, end) of a tensor's bytes that were copied back, ascending and apart."""
    merged: list[tuple[int, int]] = []
    for begin, end in sorted(
        (item.offset, item.offset + item.size) for item in copied if item.tensor == tensor.name
    ):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)


def _came(tensor: Tensor, start: int, ranges: Sequence[tuple[int, int]]) -> Mask:
    """Elements of a piece with at least a byte from the device."""
    itemsize = tensor.nbytes // tensor.size
    mask = np.zeros(tensor.size, dtype=bool)
    for begin, end in ranges:
        first = max(begin // itemsize - start, 0)
        last = min(-(-end // itemsize) - start, tensor.size)
        if first < last:
            mask[first:last] = True
    return mask


def _all_bytes_are(raw: Bytes, value: int, elements: int) -> Mask:
    return np.asarray((raw == value).reshape(elements, -1).all(axis=1))


class _Tally:
    """Counts elements, piece by piece, and remembers the first."""

    def __init__(self) -> None:
        self._count = 0
        self._first = 0

    def add(self, start: int, mask: Mask) -> None:
        count = int(np.count_nonzero(mask))
        if count and not self._count:
            self._first = start + int(np.argmax(mask))
        self._count += count

    def unwritten(self, tensor: Tensor, what: UnwrittenKind, twice: int = 0) -> list[Unwritten]:
        if not self._count:
            return []
        shape = tensor.shape
        index = tuple(int(i) for i in np.unravel_index(self._first, shape)) if shape else ()
        return [Unwritten(tensor.name, what, self._count, tensor.size, index, twice)]
