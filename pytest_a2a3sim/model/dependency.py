"""Why tasks wait for others, where a runtime finds that out from their tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator


@frozen
class Dependency:
    """Edges from each of some tasks to each of some others, for one reason.

    A task of several kernels or blocks is several tasks of the graph.

    Attributes:
        sources: tasks that are waited for.
        targets: tasks that wait.
        kind: ``"explicit"``: their author says so; ``"creator"``: the memory of the tensor was made
            for the source; ``"RAW"``: the target reads what the source has written; ``"RAW+WAW"``:
            and writes it too; ``"waited"``: the orchestration has waited for the source before it
            submitted the target.
        tensor: its name, or ``buffer #3`` of one that a task has got; "" without one.
        region: that the target names, such as ``[0:16, 8:16]``; "" without one.
    """

    sources: range
    targets: range
    kind: str
    tensor: str = ""
    region: str = ""

    @property
    def edges(self) -> Iterator[tuple[int, int]]:
        """Each edge."""
        return ((source, target) for source in self.sources for target in self.targets)


def region_of(start: int, shape: list[int], strides: list[int]) -> str:
    """Elements of a tensor that has the dimensions of a part of it: ``[0:16, 8:16]``.

    Args:
        start: the first element, counted from the first one of the whole tensor.
        shape: of the part.
        strides: of its dimensions, in elements.
    """
    begins = [0] * len(shape)
    for axis in sorted(range(len(shape)), key=lambda each: -strides[each]):
        if strides[axis]:
            begins[axis], start = divmod(start, strides[axis])
    ends = (begin + size for begin, size in zip(begins, shape, strict=True))
    return f"[{', '.join(f'{begin}:{end}' for begin, end in zip(begins, ends, strict=True))}]"
