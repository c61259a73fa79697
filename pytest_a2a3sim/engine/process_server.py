"""What forks the processes of a session's cases in place of pytest's own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import PATH, VERSION, check, ffi, lib

if TYPE_CHECKING:
    from pytest_a2a3sim.model.between_cases import BetweenCases

# An engine that has been built anew meanwhile would take messages for something else.
_PROGRAM = """\
import ctypes, posix, sys
status = posix.stat(sys.argv[1])
if f"{status.st_ino} {status.st_mtime_ns}" == sys.argv[2]:
    ctypes.CDLL(sys.argv[1]).a2a3_serve_processes(0)
"""


def process_server_of(between: BetweenCases | None) -> Any:
    """The session's process server, for the engine; null for a case that is alone.

    Raises:
        EngineError: there is no memory for one.
    """
    if between is None or not sys.executable or not VERSION:
        return ffi.NULL
    if between.process_server is None:
        words = [sys.executable, "-I", "-S", "-c", _PROGRAM, PATH, VERSION]
        texts = [ffi.new("char[]", os.fsencode(word)) for word in words]
        holder = ffi.new("a2a3_process_server**")
        check(
            lib.a2a3_process_server_create(texts, len(texts), holder),
            "there is no process server",
        )
        between.process_server = holder[0]
        between.processes.callback(lib.a2a3_process_server_destroy, holder[0])
    return between.process_server
