"""What forks the processes of a session's cases in place of pytest's own."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.library import PATH, VERSION, check, ffi, lib
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from pytest_a2a3sim.model.between_cases import BetweenCases

_PROGRAM = PACKAGE / "_process_server.elf"
"""See ``process_server.cpp``."""

_SAME_IN_PYTHON = """\
import ctypes, posix, sys
status = posix.stat(sys.argv[1])
if f"{status.st_ino} {status.st_mtime_ns}" == sys.argv[2]:
    ctypes.CDLL(sys.argv[1]).a2a3_serve_processes(0)
"""
"""Where there is no such program, or it does not run."""


def process_server_of(between: BetweenCases | None) -> Any:
    """The session's process server, for the engine; null for a case that is alone.

    Raises:
        EngineError: there is no memory for one.
    """
    if between is None or not VERSION:
        return ffi.NULL
    if between.process_server is None:
        commands = [[str(_PROGRAM), PATH, VERSION]]
        if sys.executable:
            commands.append([sys.executable, "-I", "-S", "-c", _SAME_IN_PYTHON, PATH, VERSION])
        texts = [ffi.new("char[]", os.fsencode(word)) for words in commands for word in words]
        holder = ffi.new("a2a3_process_server**")
        check(
            lib.a2a3_process_server_create(texts, [*map(len, commands)], len(commands), holder),
            "there is no process server",
        )
        between.process_server = holder[0]
        between.processes.callback(lib.a2a3_process_server_destroy, holder[0])
    return between.process_server
