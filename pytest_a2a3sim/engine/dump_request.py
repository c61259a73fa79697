"""What a run is to keep of tasks' arguments: the engine's request from data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Callable


@frozen
class DumpRequest:
    """Which tasks are looked at, and where the bytes go.

    Attributes:
        descriptor: of an empty file, open for reading and writing.
        limit: bytes that it may get.
        everything: look at all tasks,
        tasks: or at these,
        func_ids: and those of these kernels.
        changes_only: keep nothing but what the orchestration describes, as the first task that has
            it among its arguments and those that change it leave it.
    """

    descriptor: int
    limit: int
    everything: bool = False
    tasks: tuple[int, ...] = ()
    func_ids: tuple[int, ...] = ()
    changes_only: bool = False


def dump_request_of(
    asked: DumpRequest | None, array: Callable[[str, list[Any]], Any]
) -> dict[str, Any]:
    """The fields of an ``a2a3_dump_request``; ``array`` makes C arrays that last long enough."""
    if asked is None:
        return {"limit": 0}
    return {
        "limit": asked.limit,
        "descriptor": asked.descriptor,
        "all": asked.everything,
        "tasks": array("int32_t", list(asked.tasks)),
        "task_count": len(asked.tasks),
        "func_ids": array("int32_t", list(asked.func_ids)),
        "func_id_count": len(asked.func_ids),
        "changes_only": asked.changes_only,
    }
