"""DataFlow -> Blame: the chain of tasks that an element comes from."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.model.blame import Blame, BlameStep, Question

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.data_flow import DataFlow, Flow
    from pytest_a2a3sim.model.diff import TensorDiff
    from pytest_a2a3sim.model.tensor import Tensor

_MOST_STEPS = 12


def questions_of(
    diffs: Sequence[TensorDiff], tensors: Mapping[str, Tensor]
) -> tuple[Question, ...]:
    """The first and the worst mismatch of each output, once if they are one."""
    questions = []
    for diff in diffs:
        if diff.passed or not diff.mismatches:
            continue
        tensor = tensors[diff.name]
        itemsize = tensor.nbytes // max(1, int(np.prod(tensor.shape, dtype=np.int64)))
        chosen = {diff.mismatches[0].index: "first mismatch"}
        if diff.max_abs_index is not None:
            chosen.setdefault(diff.max_abs_index, "worst mismatch")
        for index, what in chosen.items():
            flat = int(np.ravel_multi_index(index, tensor.shape)) if index else 0
            questions.append(Question(diff.name, index, flat * itemsize, what))
    return tuple(questions)


def blame(questions: Sequence[Question], data: DataFlow) -> tuple[Blame, ...]:
    """The chain of each element, by the answers to its question."""
    reads = defaultdict(list)
    for flow in data.flows:
        if flow.kind == "RAW":
            reads[flow.to].append(flow)
    return tuple(
        _blame(question, writer, reads, data)
        for question, writer in zip(questions, data.writers, strict=True)
    )


def _blame(
    question: Question, writer: int, reads: Mapping[int, Sequence[Flow]], data: DataFlow
) -> Blame:
    order = [writer] if writer >= 0 else []
    for task in order:
        sources = {flow.source for flow in reads.get(task, ()) if flow.source >= 0}
        order += sorted(sources - set(order), reverse=True)
    steps = tuple(
        BlameStep(task, data.arguments[task], tuple(reads.get(task, ())))
        for task in order[:_MOST_STEPS]
    )
    return Blame(question, writer, steps, len(order) - len(steps))
