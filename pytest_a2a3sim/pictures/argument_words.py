"""Arguments of tasks -> what they point to, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.model.lines import byte_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.task_arguments import TaskArguments


class ArgumentWords:
    """Says what arguments are."""

    def __init__(self, known: TaskArguments) -> None:
        self._known = known
        self._begins = known.buffers["begin"]
        self._ends = self._begins + np.maximum(known.buffers["size"], 1)
        described = sorted(
            (int(self._begins[each.buffer]) + each.offset, each.size, each.tensor or each.name)
            for each in known.descriptions
        )
        self._names = [name for _, _, name in described]
        self._described = np.array([begin for begin, _, _ in described], dtype=np.uint64)
        self._described_ends = np.array([begin + size for begin, size, _ in described], np.uint64)

    def values(self, first: int, end: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Arguments of the tasks from ``first`` on to the one before ``end``.

        Returns:
            Their values, and where each task's begin among all; one more bound ends the last.
        """
        bounds = self._known.first_argument[first : end + 1].astype(np.int64)
        return self._known.arguments[bounds[0] : bounds[-1]], bounds

    def of_values(self, values: npt.NDArray[np.uint64]) -> list[str | int]:
        """Pointers are as ``a (buffer #0 + 64 bytes)``, scalars are numbers."""
        buffers = _containing(self._begins, self._ends, values)
        named = _containing(self._described, self._described_ends, values)
        return [
            value if buffer < 0 else self._pointer(value, buffer, name)
            for value, buffer, name in zip(values.tolist(), buffers, named, strict=True)
        ]

    def _pointer(self, value: int, buffer: int, name: int) -> str:
        offset = value - int(self._begins[buffer])
        place = f"buffer #{buffer}" + (f" + {byte_count(offset)}" if offset else "")
        return f"{self._names[name]} ({place})" if name >= 0 else place


def _containing(
    begins: npt.NDArray[np.uint64], ends: npt.NDArray[np.uint64], values: npt.NDArray[np.uint64]
) -> Sequence[int]:
    """Index of the range that begins last at or before each value and holds it; or -1."""
    if not begins.size:
        return [-1] * values.size
    found = np.searchsorted(begins, values, side="right") - 1
    found[(found < 0) | (values >= ends[found])] = -1
    indices: list[int] = found.tolist()
    return indices
