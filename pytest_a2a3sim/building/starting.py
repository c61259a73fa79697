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
    from collections.abc import Iterator, Mapping

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
    pipe = subprocess.PIPE
    with start(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            printed, complaints = process.communicate(timeout=seconds)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, command, printed, complaints)
    return str(printed)
