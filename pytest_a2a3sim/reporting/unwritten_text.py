"""What nobody wrote -> lines that say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.lines import Line, byte_count, line
from pytest_a2a3sim.reporting.text import where_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.diff import Unwritten, UnwrittenKind, UnwrittenRead
    from pytest_a2a3sim.model.result import CaseResult

_WHAT: Mapping[UnwrittenKind, tuple[str, str]] = {
    "written": ("were never written", "no kernel wrote them in device memory"),
    "copied back": ("were never copied back", "record_tensor_pair does not cover them"),
    "copied": ("hold device memory that nobody wrote", "it came from another buffer"),
}


def unwritten_lines(unwritten: Sequence[Unwritten]) -> tuple[Line, ...]:
    """``768 of 4,096 elements were never written; the first is out[0, 3, 0]``, and why.

    They come before what else there is to say: the first is the headline.
    """
    texts = []
    for item in unwritten:
        what, why = _WHAT[item.what]
        first = f"{item.tensor}{list(item.first) if item.first else ''}"
        count = f"{item.count:,} of {item.size:,} elements"
        texts.append(f"output {item.tensor!r}: {count} {what}; the first is {first}")
        texts.append(f"  {why}{_twice(item.twice)}")
    return tuple(line(text, "plain" if number else "headline") for number, text in enumerate(texts))


def _twice(count: int) -> str:
    return f", and others, {count:,} bytes, twice: the wrong addresses?" if count else ""


def chance_lines(result: CaseResult) -> tuple[Line, ...]:
    """About outputs that match although elements of them were never written."""
    how: tuple[str, ...]
    if all(item.what == "copied back" for item in result.unwritten):
        how = ("They match by chance: what is expected is what generate_inputs put there.",)
    else:
        how = (
            "They match by chance: what is expected are the 0xFF bytes of fresh memory. On a",
            "device it holds anything; the kernels must write every element.",
        )
    return (*(line(f"  {text}") for text in how), *where_lines(result))


def read_lines(read: UnwrittenRead | None) -> tuple[Line, ...]:
    """Which buffer was read before it was written, how that shows, and what to do about it."""
    if read is None:
        return ()
    use = read.use
    first = read.changed[0]
    element = f"{first.tensor}{list(first.first) if first.first else ''}"
    values = f"{element} is {first.values[0]} and {first.values[1]}"
    counts = (f"{each.count:,} of {each.size:,} of {each.tensor}" for each in read.changed)
    texts = [
        f"allocated by call {use.call} of device_malloc"
        + (f", at {read.source}" if read.source else ""),
        f"two runs with other bytes in it at first differ in {', '.join(counts)}; {values}",
        f"copy_to_device put {byte_count(use.copied) if use.copied else 'nothing'} into it",
        f"tasks that get it: {_tasks(read)}",
    ]
    if read.copied_to:
        texts.append(f"it is copied back to {_names(read.copied_to)}")
    if read.not_copied:
        names = _names(read.not_copied)
        texts.append(f"inputs of its size that were never copied to the device: {names}")
    texts.append(
        "next: fill it before a kernel reads it, by copy_to_device or by a task that writes all "
        "of it first, with an edge between the two"
    )
    headline = (
        f"the outputs depend on device memory that nobody wrote: device buffer #{use.buffer} "
        f"({byte_count(use.size)})"
    )
    return (line(headline, "headline"), *(line(f"  {text}") for text in texts))


def _tasks(read: UnwrittenRead) -> str:
    use = read.use
    shown = [
        f"{task} ({kernel})" for (task, _), kernel in zip(use.tasks, read.kernels, strict=True)
    ]
    hidden = use.task_count - len(shown)
    return (", ".join(shown) or "none") + (f", and {hidden:,} more" if hidden else "")


def _names(tensors: Sequence[str]) -> str:
    return ", ".join(map(repr, tensors))
