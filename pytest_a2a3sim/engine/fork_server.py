"""What forks the processes of a session's cases in place of pytest's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import check, ffi, lib

if TYPE_CHECKING:
    from pytest_a2a3sim.model.between_cases import BetweenCases


def fork_server_of(between: BetweenCases | None) -> Any:
    """The session's fork server, for the engine; null for a case that is alone.

    Raises:
        EngineError: there is no memory for one.
    """
    if between is None:
        return ffi.NULL
    if between.fork_server is None:
        holder = ffi.new("a2a3_fork_server**")
        check(lib.a2a3_fork_server_create(holder), "there is no fork server")
        between.fork_server = holder[0]
        between.processes.callback(lib.a2a3_fork_server_destroy, holder[0])
    return between.fork_server
