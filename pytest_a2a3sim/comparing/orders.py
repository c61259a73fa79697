"""Outputs of two runs of a case in different orders: bit for bit the same, or where they differ."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.engine.compare import measure, mismatch_mask
from pytest_a2a3sim.model.diff import OrderDifference, Pair
from pytest_a2a3sim.model.tensor import same_bytes

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.tensor import Bytes, Tensor

    Outputs = Mapping[str, Bytes]


class OrderComparison:
    """How the outputs of a case are compared between orders.

    Args:
        pairs: the outputs: which elements of them count, and their tolerances.
        order_dependent: outputs that may differ within the tolerance, as atomic additions do.
    """

    def __init__(self, pairs: Sequence[Pair], order_dependent: Collection[str] = ()) -> None:
        self._pairs = pairs
        self._order_dependent = order_dependent

    def differences(
        self, orders: tuple[Schedule, Schedule], one: Outputs, other: Outputs
    ) -> tuple[OrderDifference, ...]:
        """What differs between the outputs of two runs.

        Args:
            orders: of the two runs.
            one: bytes of the outputs of the first.
            other: those of the second.
        """
        found = []
        for pair in self._pairs:
            tensor = pair.tensor
            differing = self._differing(pair, one[tensor.name], other[tensor.name])
            flat = int(np.argmax(differing)) if differing.any() else None
            if flat is None:
                continue
            shape = tensor.shape
            index = tuple(int(i) for i in np.unravel_index(flat, shape)) if shape else ()
            values = tuple(self._value(tensor, raw[tensor.name], flat) for raw in (one, other))
            count = int(np.count_nonzero(differing))
            found.append(
                OrderDifference(
                    tensor.name, count, tensor.size, index, orders, (values[0], values[1])
                )
            )
        return tuple(found)

    def _differing(self, pair: Pair, one: Bytes, other: Bytes) -> npt.NDArray[np.bool_]:
        tensor = pair.tensor
        if same_bytes(one, other):
            return np.zeros(1, dtype=bool)
        differing: npt.NDArray[np.bool_]
        if tensor.name in self._order_dependent:
            differing = mismatch_mask(Pair(tensor, one, other, pair.tolerance)).astype(bool)
        else:
            differing = (one != other).reshape(tensor.size, -1).any(axis=1)
        if pair.compared is not None:
            differing &= pair.compared
        return differing

    @staticmethod
    def _value(tensor: Tensor, raw: Bytes, flat: int) -> str:
        itemsize = tensor.nbytes // tensor.size
        return str(tensor.flat_numbers(raw[flat * itemsize : (flat + 1) * itemsize])[0])


def largest_difference(pair: Pair, one: Bytes, other: Bytes) -> float:
    """The largest absolute difference of an element between two runs.

    Args:
        pair: the output.
        one: its bytes after one run.
        other: those after the other.
    """
    return measure(Pair(pair.tensor, one, other, pair.tolerance)).max_absolute


def with_actual(pair: Pair, actual: Bytes) -> Pair:
    """The pair with what another run left of the elements that count."""
    if pair.compared is None or not pair.tensor.size:
        return dataclasses.replace(pair, actual=actual)
    itemsize = pair.tensor.nbytes // pair.tensor.size
    kept = np.where(np.repeat(pair.compared, itemsize), actual, pair.expected)
    return dataclasses.replace(pair, actual=kept)
