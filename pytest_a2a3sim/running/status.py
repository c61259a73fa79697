"""The engine's status of a call -> a typed error."""

from __future__ import annotations

from pytest_a2a3sim._engine import ffi, lib
from pytest_a2a3sim.errors import EngineError


def check(status: int, what: str) -> int:
    """Returns the status of a call of the engine.

    Raises:
        EngineError: the engine could not do it; the message says what, and why.
    """
    if status == lib.A2A3_ERROR:
        raise EngineError(f"{what}: {ffi.string(lib.a2a3_last_error()).decode(errors='replace')}")
    return status
