"""Compilers that run, and how they are all stopped."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.building.starting import start
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import IO

# Lets a compiler be killed with the programs that it starts. A group is enough; a session of its
# own would also get it a share of the CPUs of its own.
_OWN_GROUP: Any = (
    {"process_group": 0} if sys.version_info >= (3, 11) else {"start_new_session": True}
)


_NO_MORE = os.strerror(errno.EAGAIN)


def lack_of_processes(said: str | OSError) -> BuildError | None:
    """The whole error where a process or a thread is refused, else None.

    Args:
        said: by a compiler that could not start a program, or by the system.
    """
    refused = f"fork: {_NO_MORE}" in said if isinstance(said, str) else said.errno == errno.EAGAIN
    if not refused:
        return None
    return BuildError(
        "compilers cannot be started: the limit of processes and threads is used up "
        "(`ulimit -u`, pids.max of a container)"
    )


@frozen
class Run:
    """A command that has ended: its exit status, what it printed, and its process's number."""

    status: int
    printed: str
    process: int


class Processes:
    """Runs compilers, all of which can be stopped at once."""

    def __init__(self, workspace: Path, environment: Mapping[str, str]) -> None:
        self._workspace = workspace
        self._environment = environment
        self._running: set[subprocess.Popen[bytes]] = set()
        self._mutex = threading.Lock()
        self._stopped = False

    def run(self, command: list[str], directory: Path, **extra: str) -> Run:
        """Runs a command to its end.

        ``extra`` is added to the environment.

        Raises:
            BuildError: it cannot be started, or everything was stopped.
        """
        # A pipe could stay open in a simulating child.
        with tempfile.TemporaryFile(dir=self._workspace) as output:
            process = self._start(command, directory, extra, output)
            try:
                process.wait()
            finally:
                with self._mutex:
                    self._running.discard(process)
            output.seek(0)
            printed = output.read().decode(errors="replace")
            return Run(process.returncode, printed, process.pid)

    def _start(
        self, command: list[str], directory: Path, extra: dict[str, str], output: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        with self._mutex:
            if self._stopped:
                raise BuildError("compilation was stopped")
            try:
                process = start(
                    command,
                    cwd=directory,
                    env={**self._environment, **extra},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    **_OWN_GROUP,
                )
            except OSError as error:
                refused = BuildError(f"{command[0]} cannot be started: {error}")
                raise (lack_of_processes(error) or refused) from None
            self._running.add(process)
        return process

    def stop(self) -> None:
        """Ends what runs, and lets nothing start any more."""
        with self._mutex:
            self._stopped = True
            for process in self._running:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
