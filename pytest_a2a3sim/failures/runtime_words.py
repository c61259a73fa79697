"""What is said in the terms of the runtime that an orchestration is written for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_a2a3sim.model.source_line import SourceLine
    from pytest_a2a3sim.model.spec import Runtime

_DERIVED = {
    "RAW": (
        "the runtime has not seen that task {1} reads what task {0} writes: let both name the "
        "bytes by views of one tensor, without manual_dep, and task {0} pass it to add_output or "
        "add_inout"
    ),
    "WAR": (
        "the runtime lets no task wait for those that read: pass the tensor to add_inout for both "
        "tasks, or give task {1} one of its own"
    ),
    "WAW": (
        "the runtime does not order two outputs: pass the tensor to add_inout for task {1} instead "
        "of add_output, or give it one of its own"
    ),
}


def mend_of(kind: str, edge: tuple[int, int] | None, runtime: Runtime) -> str:
    """How to have one task wait for another; "" where it is unknown which.

    Args:
        kind: of the finding: ``RAW``, ``WAR``, ``WAW``; or ``UNINITIALIZED``, as RAW.
        edge: from the one to the other.
        runtime: what the orchestration is written for.
    """
    if edge is None:
        return ""
    if runtime == "host_build_graph":
        return f"add the edge: runtime->add_successor({edge[0]}, {edge[1]});"
    if runtime == "aicpu_build_graph":
        return f"add pto2_rt_add_dependency(rt, A, B) with the ids of tasks {edge[0]} and {edge[1]}"
    return _DERIVED.get(kind, _DERIVED["RAW"]).format(*edge)


def origin_of(call: int, where: SourceLine | None, runtime: Runtime) -> str:
    """Where a device buffer comes from, to follow "is".

    Args:
        call: number of the allocation, from 1.
        where: the line of the orchestration that asked for it; None where it is unknown, or the
            runtime made it.
        runtime: what the orchestration is written for.
    """
    at = "" if where is None else f" at {where}"
    if runtime == "host_build_graph":
        return f"of call {call} of device_malloc{at}"
    return f"an output of a task submitted{at}" if at else "an argument of the orchestration"
