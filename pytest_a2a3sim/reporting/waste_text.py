"""Waste -> lines of text. Computes nothing, prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.profile_text import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pytest_a2a3sim.model.waste import Allocation, Waste

_MOST_SHOWN = 10


def waste_lines(waste: Waste, kernels: Mapping[int, str], critical_seconds: float) -> list[str]:
    """What could be left out, for these inputs.

    Args:
        waste: of the graph.
        kernels: name of each task's kernel, by task.
        critical_seconds: length of the critical path.
    """
    if waste.idle_edges is None:
        edges = ["edges are not examined: the graph has more than 4,096 tasks"]
    else:
        edges = [
            f"{task_text(edge.source, kernels)} -> {task_text(edge.to, kernels)}: without it the "
            f"critical path is {time_text(edge.seconds_saved)} of {time_text(critical_seconds)} "
            "shorter"
            for edge in waste.idle_edges
        ]
    overwritten = [
        f"{item.bytes:,} bytes of {_buffer(item.buffer)}: by {task_text(item.first, kernels)}, "
        f"then by {task_text(item.second, kernels)}"
        for item in waste.overwrites
    ]
    return [
        "Work that does nothing, for these inputs:",
        *_section("edges with no data behind them", edges),
        *_section("buffers that nobody reads", map(_buffer, waste.unread)),
        *_section("copies to the device that no task reads", map(_buffer, waste.unread_copies)),
        *_section("bytes written twice without a read between", overwritten),
        *_section(
            "tasks whose results reach no output",
            [task_text(task, kernels) for task in waste.dead_tasks],
        ),
    ]


def _section(title: str, entries: Iterable[str]) -> Iterator[str]:
    listed: Sequence[str] = list(entries)
    if not listed:
        yield f"  {title}: none"
        return
    yield f"  {title}: {len(listed):,}"
    yield from (f"    {entry}" for entry in listed[:_MOST_SHOWN])
    if len(listed) > _MOST_SHOWN:
        yield f"    ... and {len(listed) - _MOST_SHOWN:,} more"


def task_text(task: int, kernels: Mapping[int, str]) -> str:
    """``task 3 (QK)``, or the copy that stands in its place."""
    return f"task {task} ({kernels[task]})" if task >= 0 else "a copy from the host"


def _buffer(buffer: Allocation) -> str:
    where = "" if buffer.source is None else f" at {buffer.source}"
    return f"#{buffer.number} ({buffer.size:,} bytes), call {buffer.call} of device_malloc{where}"
