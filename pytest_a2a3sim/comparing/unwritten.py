"""Elements of outputs that the device never wrote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from pytest_a2a3sim.result import Unwritten
from pytest_a2a3sim.running import replay
from pytest_a2a3sim.running.run import POISON

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.loading.tensors import Bytes, Tensor
    from pytest_a2a3sim.running.recording import CopiedRange
    from pytest_a2a3sim.running.replay import Simulation
    from pytest_a2a3sim.spec import Tolerance

    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Output:
    """An output after the run: its bytes, the expected ones, and how close is enough."""

    tensor: Tensor
    actual: Bytes
    expected: Bytes
    tolerance: Tolerance


def find_unwritten(
    outputs: Sequence[Output], copied: Sequence[CopiedRange], simulation: Simulation
) -> tuple[Unwritten, ...]:
    """Elements that differ from what is expected because the device never wrote them.

    An element that was copied back still holding the poison of fresh memory may also be a value
    that a kernel computed (-1, 255, a NaN). A second run with another poison decides: what nobody
    writes is that poison then.

    Args:
        outputs: those that do not match.
        copied: what was copied back.
        simulation: the run that they come from.
    """
    found: list[Unwritten] = []
    suspects: dict[str, Mask] = {}
    for output in outputs:
        wrong = _mismatches(output)
        missing = wrong & ~_was_copied(output.tensor, copied)
        if missing.any():
            found.append(_unwritten(output.tensor, "copied back", missing))
        poisoned = wrong & ~missing & _all_bytes_are(output.tensor, output.actual, POISON)
        if poisoned.any():
            suspects[output.tensor.name] = poisoned
    if not suspects:
        return tuple(found)
    again = replay.with_other_poison(simulation)
    for name, poisoned in suspects.items():
        tensor = simulation.inputs.tensors[name]
        unwritten = poisoned
        if again is not None:
            unwritten = poisoned & _all_bytes_are(tensor, again[name], replay.OTHER_POISON)
        if unwritten.any():
            found.append(_unwritten(tensor, "written", unwritten))
    return tuple(found)


def _mismatches(output: Output) -> Mask:
    a = output.tensor.numbers(output.actual).reshape(-1)
    e = output.tensor.numbers(output.expected).reshape(-1)
    if a.dtype.kind in "biu":
        differ: Mask = a != e
        return differ
    rtol, atol = output.tolerance.rtol, output.tolerance.atol
    with np.errstate(invalid="ignore", over="ignore"):
        close: Mask = np.isclose(a, e, rtol=rtol, atol=atol, equal_nan=True)
    return ~close


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
