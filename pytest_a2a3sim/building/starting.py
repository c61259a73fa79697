"""Starting programs, and importing modules, in a process of which other threads may fork.

While a program is being started, this process waits at a pipe until its other end is closed. A
child that another thread forks just then has that end too, and may itself wait for what the
starting thread holds, such as a lock of the build cache: both would wait for ever. And a child that
is forked while a thread imports a module has the lock of that module, which nobody gives back.
"""

from __future__ import annotations

import contextlib
import logging  # noqa: F401 - before what is registered below
import os
import subprocess
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_unforked = threading.Lock()

# os.fork() waits for it. Starting a program is no os.fork(). What is registered last is called
# first: fork() takes the lock of logging, which imports want, after this one.
os.register_at_fork(
    before=_unforked.acquire,
    after_in_parent=_unforked.release,
    after_in_child=_unforked.release,
)


@contextlib.contextmanager
def unforked() -> Iterator[None]:
    """Has os.fork() wait meanwhile: for imports in threads, and for what starts no program."""
    with _unforked:
        yield


def start(command: list[str], **options: Any) -> subprocess.Popen[Any]:
    """Starts a program; options are those of :class:`subprocess.Popen`.

    Raises:
        OSError: it cannot be started.
    """
    with _unforked:
        return subprocess.Popen(command, **options)  # noqa: S603 - the user's compiler and its kin


def answer(command: list[str], environment: Mapping[str, str], seconds: float | None = None) -> str:
    """What a program prints to its standard output.

    Raises:
        OSError: it cannot be started.
        subprocess.SubprocessError: it ends with another status than 0, or takes too long.
    """
    return answers([command], environment, seconds)[0]


def answers(
    commands: Iterable[list[str]], environment: Mapping[str, str], seconds: float | None = None
) -> list[str]:
    """What programs print that run at the same time, see :func:`answer`."""
    pipe = subprocess.PIPE
    with contextlib.ExitStack() as running:
        processes = []
        for command in commands:
            process = start(command, env=environment, stdout=pipe, stderr=pipe, text=True)
            processes.append(running.enter_context(process))
            running.callback(process.kill)  # has no effect on one that has ended
        return [_printed(process, seconds) for process in processes]


def _printed(process: subprocess.Popen[str], seconds: float | None) -> str:
    printed, complaints = process.communicate(timeout=seconds)
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, process.args, printed, complaints)
    return printed
