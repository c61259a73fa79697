"""What forks the processes of a session's cases in place of pytest's own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import check, engine_path, ffi, lib

if TYPE_CHECKING:
    from pytest_a2a3sim.model.between_cases import BetweenCases

# An engine that has been built anew meanwhile would take messages for something else.
_PROGRAM = """\
import ctypes, posix, sys
if str(posix.stat(sys.argv[1]).st_mtime_ns) == sys.argv[2]:
    ctypes.CDLL(sys.argv[1]).a2a3_serve_processes(0)
"""


def process_server_of(between: BetweenCases | None) -> Any:
    """The session's process server, for the engine; null for a case that is alone.

    Raises:
        EngineError: there is no memory for one.
    """
    if between is None or not sys.executable:
        return ffi.NULL
    if between.process_server is None:
        engine = engine_path()
        try:
            modified = str(Path(engine).stat().st_mtime_ns)
        except OSError:  # the file has gone
            return ffi.NULL
        words = [sys.executable, "-I", "-S", "-c", _PROGRAM, engine, modified]
        texts = [ffi.new("char[]", os.fsencode(word)) for word in words]
        holder = ffi.new("a2a3_process_server**")
        check(
            lib.a2a3_process_server_create(texts, len(texts), holder),
            "there is no process server",
        )
        between.process_server = holder[0]
        between.processes.callback(lib.a2a3_process_server_destroy, holder[0])
    return between.process_server
