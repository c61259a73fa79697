"""One simulation from its start to its end, and where its output goes."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Literal

from pytest_a2a3sim.engine.case import Run
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.running.time_limit import NO_LIMIT, TimeLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_a2a3sim.engine.host_memory import HostMemory
    from pytest_a2a3sim.engine.request import RunOptions
    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs
    from pytest_a2a3sim.model.failure import Failure
    from pytest_a2a3sim.model.progress import RunProgress
    from pytest_a2a3sim.model.recording import Completion

_WAIT_SLICE = 0.2  # seconds between two looks at Ctrl-C and the time limit
_CHUNK = 1 << 20


@frozen
class CaseSetup:
    """All that a run of a case depends on; ``inputs`` are the tensors as they were before it."""

    built: BuiltCase
    inputs: CaseInputs
    options: RunOptions


@contextlib.contextmanager
def started(setup: CaseSetup, memory: HostMemory, runs: contextlib.ExitStack) -> Iterator[Run]:
    """A run whose output is captured as this process's own is, which is complete after the context.

    The run itself lasts as long as ``runs``: the system takes a while to end a process, and nobody
    has to wait for that.
    """
    with contextlib.ExitStack() as stack:
        output = (
            stack.enter_context(_descriptor(sys.stdout)),
            stack.enter_context(_descriptor(sys.stderr)),
        )
        options = replace(setup.options, output=output)
        run = runs.enter_context(Run(setup.built, setup.inputs, memory, options))
        try:
            yield run
        except BaseException:
            run.end()
            raise


def await_outputs(
    run: Run,
    limit: TimeLimit = NO_LIMIT,
    tell: Callable[[RunProgress | None], None] | None = None,
) -> bool:
    """Waits until a run has outputs, or has failed.

    Args:
        run: that was started.
        limit: when it is over, the case has failed, whatever it does.
        tell: is told several times a second how far the graph is; None at the end.

    Returns:
        Whether there are outputs. :func:`finish` may find out that they are worth nothing.

    Raises:
        EngineError: the simulating process cannot be watched.
    """
    return _await("outputs", run, limit, tell)


def finish(run: Run, limit: TimeLimit = NO_LIMIT) -> Completion | Failure:
    """Waits for the end of a run, whose arguments are those of :func:`await_outputs`.

    Raises:
        EngineError: the simulating process cannot be watched.
    """
    _await("end", run, limit)
    return run.result()


def _await(
    until: Literal["outputs", "end"],
    run: Run,
    limit: TimeLimit,
    tell: Callable[[RunProgress | None], None] | None = None,
) -> bool:
    try:
        while (state := run.wait(until, min(_WAIT_SLICE, limit.left))) == "running":
            if limit.is_over and limit.seconds is not None:
                run.time_out(limit.seconds)
            elif tell is not None and (progress := run.progress()) is not None:
                tell(progress)
    finally:
        if tell is not None:
            tell(None)
    return state == "ok"


def run_silently(
    setup: CaseSetup, memory: HostMemory, limit: TimeLimit = NO_LIMIT
) -> Completion | Failure:
    """Runs a case without its output, which an earlier run has shown already.

    Raises:
        EngineError: it cannot be started or watched.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    try:
        options = replace(setup.options, output=(nowhere, nowhere))
        with Run(setup.built, setup.inputs, memory, options) as run:
            return finish(run, limit)
    finally:
        os.close(nowhere)


@contextlib.contextmanager
def _descriptor(stream: IO[str] | None) -> Iterator[int]:
    """A descriptor for what the case prints, -1 for this process's own.

    Where the stream is an object without a descriptor (``--capture=sys``,
    ``contextlib.redirect_stdout``), the text is handed to it afterwards.
    """
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
