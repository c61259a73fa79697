"""Blame -> lines. Computes nothing, prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.model.data_flow import HOST
from pytest_a2a3sim.model.lines import line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.blame import Blame, BlameStep
    from pytest_a2a3sim.model.data_flow import Flow
    from pytest_a2a3sim.model.lines import Line

_MOST_READS = 6


class ArgumentWords(Protocol):
    """Says what arguments of tasks are."""

    def argument_words(self, value: int) -> str:
        """A buffer, or a number."""


def blame_lines(
    blames: Sequence[Blame], kernels: Sequence[str], words: ArgumentWords
) -> tuple[Line, ...]:
    """The chains, those of equal steps together.

    Args:
        blames: of single elements.
        kernels: name of each task's kernel, by task.
        words: says what arguments are.
    """
    lines: list[Line] = []
    for item in blames:
        asked = item.question
        where = f"{asked.tensor}[{', '.join(map(str, asked.index)) or '()'}] ({asked.what})"
        lines += [line(""), line(f"blame: {where} {_writer(item, kernels)}", "diagnosis")]
        for step in item.steps:
            lines += [line(f"  {text}") for text in _step_texts(step, kernels, words)]
        if item.hidden:
            lines.append(line(f"  ... and {item.hidden} tasks more before them"))
    return tuple(lines)


def _writer(item: Blame, kernels: Sequence[str]) -> str:
    if item.writer >= 0:
        return f"was written last by task {item.writer} ({kernels[item.writer]})"
    if item.writer == HOST:
        return "was written by no task: it is what the orchestration copied to the device"
    return "was written by no task"


def _step_texts(step: BlameStep, kernels: Sequence[str], words: ArgumentWords) -> Iterator[str]:
    arguments = ", ".join(words.argument_words(value) for value in step.arguments)
    yield f"task {step.task} ({kernels[step.task]}): {arguments}"
    reads = [_read(flow, kernels) for flow in step.reads]
    shown = reads[:_MOST_READS]
    more = [f"{len(reads) - len(shown)} more"] if len(reads) > len(shown) else []
    if reads:
        yield f"  read {'; '.join([*shown, *more])}"
    if all(flow.source == HOST for flow in step.reads):
        yield "  its inputs are as they were copied to the device"


def _read(flow: Flow, kernels: Sequence[str]) -> str:
    what = f"{flow.bytes:,} bytes of buffer #{flow.buffer}"
    if flow.source >= 0:
        return f"{what} from task {flow.source} ({kernels[flow.source]})"
    if flow.source == HOST:
        tensor = "" if flow.tensor is None else f" ({flow.tensor!r})"
        return f"{what}, copied from the host{tensor}"
    return f"{what}, which nobody wrote"
