"""Which tasks a wrong element comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pytest_a2a3sim.model.data_flow import Flow


@frozen
class Question:
    """An element that does not match.

    Attributes:
        tensor: its output.
        index: of the element.
        offset: of its first byte.
        what: why it was chosen: ``"first mismatch"`` or ``"worst mismatch"``.
    """

    tensor: str
    index: tuple[int, ...]
    offset: int
    what: str


@frozen
class BlameStep:
    """A task of the chain.

    Attributes:
        task: its id.
        arguments: of the task.
        reads: what it read: flows from other tasks, from the host, or of what nobody wrote.
    """

    task: int
    arguments: tuple[int, ...]
    reads: tuple[Flow, ...]


@frozen
class Blame:
    """Where an element comes from.

    Attributes:
        question: the element.
        writer: the task that wrote it last, or an end of a flow.
        steps: that task, those from which it read, and so on, down to the inputs; the nearest come
            first, each once.
        hidden: tasks that are left out because there are many.
    """

    question: Question
    writer: int
    steps: tuple[BlameStep, ...]
    hidden: int
