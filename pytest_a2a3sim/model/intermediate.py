"""Comparisons of what the orchestration describes with what compute_golden returns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pytest_a2a3sim.model.diff import TensorDiff


@frozen
class Intermediate:
    """A described range of device memory, as a task left it.

    Attributes:
        task: that has it among its arguments. Where one array is expected, the last of them that
            changed it, or the first one if none did.
        kernel: of the task, by name.
        step: how many tasks ran before that one.
        is_changed: whether the task changed it.
        diff: the comparison; its name is the range's, such as ``"p[3]"`` or
            ``"m after task 7"``.
    """

    task: int
    kernel: str
    step: int
    is_changed: bool
    diff: TensorDiff


@frozen
class Intermediates:
    """All that were compared, in the order in which tasks left them, and remarks about others."""

    compared: tuple[Intermediate, ...] = ()
    findings: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[Intermediate, ...]:
        """Those that do not match."""
        return tuple(each for each in self.compared if not each.diff.passed)
