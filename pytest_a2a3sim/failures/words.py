"""Addresses, tasks' arguments and backtraces in words."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.lines import byte_count
from pytest_a2a3sim.version import INCLUDE_DIR, PTO_INCLUDE_DIR

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.failures.symbolize import Frame
    from pytest_a2a3sim.model.errors import Culprit
    from pytest_a2a3sim.model.failure import Place, TaskArgument
    from pytest_a2a3sim.model.spec import KernelSpec

_SMALLEST_SHOWN_FLOAT, _LARGEST_SHOWN_FLOAT = 1e-9, 1e9
_LARGEST_PLAIN_NUMBER = 1 << 24
_SHOWN_FRAMES = 16
_PTO_ISA = "/include/pto/"
_NOT_THE_AUTHORS = ("/usr/", "/opt/", str(INCLUDE_DIR), str(PTO_INCLUDE_DIR))


def place_words(place: Place) -> str:
    """Where an address is: ``16 bytes past the end of device buffer #7 (64 bytes), ...``."""
    if place.kind == "null":
        return "a null pointer or close to one"
    if place.tensor is not None:
        return _tensor_words(place)
    if place.buffer is not None:
        return _buffer_words(place)
    return "neither device memory nor a host tensor"


def short_place(place: Place) -> str:
    """The same without sizes and calls, to follow a verb: ``freed device buffer #7``."""
    if place.kind == "null":
        return "a null pointer, or close to one"
    if place.tensor is not None:
        tensor = f"host tensor {place.tensor!r}"
        return (
            f"{_past(place.offset - place.size)} {tensor}"
            if place.kind == "near_tensor"
            else tensor
        )
    if place.buffer is None:
        return "a wild address"
    buffer = f"device buffer #{place.buffer}"
    if place.kind == "near_buffer":
        return f"{_beside(place)} {buffer}"
    return f"freed {buffer}" if place.kind == "freed_buffer" else buffer


def _beside(place: Place) -> str:
    if place.offset < 0:
        return f"{byte_count(-place.offset)} before the start of"
    return _past(place.offset - place.size)


def _tensor_words(place: Place) -> str:
    if place.kind == "near_tensor":
        return f"{_past(place.offset - place.size)} host tensor {place.tensor!r}{_size(place)}"
    return f"inside host tensor {place.tensor!r}{_element(place)}"


def _buffer_words(place: Place) -> str:
    buffer = (
        f"device buffer #{place.buffer}{_size(place)}, allocated by call {place.call} of "
        "device_malloc"
    )
    if place.kind == "near_buffer":
        return f"{_beside(place)} {buffer}"
    freed = ", which was freed" if place.kind == "freed_buffer" else ""
    return f"at byte {place.offset:,} of {buffer}{freed}"


def argument_words(argument: TaskArgument) -> str:
    """What an argument of a task is: a pointer into something, or a number."""
    place = argument.place
    value = argument.value
    if place.kind in {"null", "unknown"}:
        return _number(value)
    start = f"{value:#x}, "
    if place.tensor is not None:
        end = " past its end" if place.kind == "near_tensor" else ""
        return f"{start}host tensor {place.tensor!r}{_size(place)}{_plus(place.offset)}{end}"
    state = {"freed_buffer": ", which was freed", "near_buffer": ", outside of it"}
    return (
        f"{start}device buffer #{place.buffer}{_size(place)}{_plus(place.offset)}"
        f"{state.get(place.kind, '')}"
    )


def _past(distance: int) -> str:
    return "just past the end of" if distance == 0 else f"{byte_count(distance)} past the end of"


def _size(place: Place) -> str:
    return f" ({byte_count(place.size)})"


def _element(place: Place) -> str:
    return "" if place.index is None else f" at element {list(place.index)}"


def _plus(offset: int) -> str:
    return f" {'+' if offset > 0 else '-'} {byte_count(abs(offset))}" if offset else ""


def _number(value: int) -> str:
    """A scalar's bits; the float32 that they are, too, where that is plausible."""
    if value <= _LARGEST_PLAIN_NUMBER:
        return f"{value}"
    if value >> 32 == 0:
        number = struct.unpack("<f", value.to_bytes(4, "little"))[0]
        if _SMALLEST_SHOWN_FLOAT <= abs(number) <= _LARGEST_SHOWN_FLOAT:
            return f"{value:#x} ({number:.6g} as float32)"
    signed = value - (1 << 64) if value >> 63 else value
    return f"{value:#x} ({signed})"


def source_of(frames: Sequence[Frame]) -> tuple[str | None, int | None]:
    """File and line of the innermost call in the author's own sources, None where unknown."""
    for frame in frames:
        if frame.is_user and frame.file and _is_the_authors(frame.file):
            return frame.file, frame.line
    return None, None


def culprit_lines(culprit: Culprit, kernels: Mapping[int, KernelSpec]) -> list[str]:
    """The source line, else the source of the kernel; the task's func_id and core."""
    lines = []
    kernel = kernels.get(culprit.func_id) if culprit.func_id is not None else None
    if culprit.source is not None:
        number = "" if culprit.line is None else f":{culprit.line}"
        lines.append(f"  at {culprit.source}{number}")
    elif kernel is not None:
        lines.append(f"  in {kernel.compile.source}")
    if culprit.core is not None and culprit.task is not None:
        task = f"task {culprit.task} has func_id {culprit.func_id}"
        lines.append(f"  {task}, and was on core {culprit.core}")
    return lines


def _is_the_authors(file: str) -> bool:
    return not file.startswith(_NOT_THE_AUTHORS) and _PTO_ISA not in file


def argument_lines(task: int | None, arguments: Sequence[TaskArgument]) -> list[str]:
    """A line an argument of a task."""
    if not arguments:
        return []
    return [
        f"  arguments of task {task}:",
        *(f"    args[{i}] = {argument_words(argument)}" for i, argument in enumerate(arguments)),
    ]


def backtrace_lines(frames: Sequence[Frame]) -> list[str]:
    """A line a call, innermost first; one for calls of a function by itself."""
    if not frames:
        return []
    lines = []
    number = 0
    for frame, same in itertools.groupby(frames):
        count = len(list(same))
        times = f" ({count} calls)" if count > 1 else ""
        lines.append(f"    #{number} {_frame_words(frame)}{times}")
        number += count
    hidden = len(lines) - _SHOWN_FRAMES
    more = [f"    ... and {hidden} more"] if hidden > 0 else []
    return ["  backtrace:", *lines[:_SHOWN_FRAMES], *more]


def _frame_words(frame: Frame) -> str:
    if frame.file is None:
        return frame.function
    return f"{frame.function} at {frame.file}:{frame.line if frame.line is not None else '?'}"
