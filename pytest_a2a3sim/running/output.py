"""Where the output of the simulating process goes."""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 20


@contextlib.contextmanager
def captured_output() -> Iterator[tuple[int, int]]:
    """Descriptors for stdout and stderr of the simulating process, -1 for this process' own.

    Where ``sys.stdout`` or ``sys.stderr`` is an object without a descriptor (``--capture=sys``,
    ``contextlib.redirect_stdout``), the text is handed to it afterwards.
    """
    with contextlib.ExitStack() as stack:
        yield (
            stack.enter_context(_descriptor(sys.stdout)),
            stack.enter_context(_descriptor(sys.stderr)),
        )


@contextlib.contextmanager
def _descriptor(stream: IO[str] | None) -> Iterator[int]:
    if stream is None:
        yield -1
        return
    with contextlib.suppress(ValueError):  # closed
        stream.flush()  # what is printed by now comes first
    try:
        stream.fileno()
    except (io.UnsupportedOperation, AttributeError):
        with tempfile.TemporaryFile() as file:
            try:
                yield file.fileno()
            finally:
                file.seek(0)
                with io.TextIOWrapper(file, errors="replace", newline="") as text:
                    while chunk := text.read(_CHUNK):
                        stream.write(chunk)
    else:
        yield -1
