"""Runs that keep what tasks find and leave in their arguments: the request, and the file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.engine.dump_request import DumpRequest
from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.model.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim.engine.request import RunOptions
    from pytest_a2a3sim.model.case import BuiltCase
    from pytest_a2a3sim.model.dump_choice import DumpChoice
    from pytest_a2a3sim.model.recording import Graph
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.running.run import CaseSetup

_FIRST_FREE = 3
"""The first descriptor that is neither stdin, stdout nor stderr."""


@contextlib.contextmanager
def dump_file(directory: Path | None = None) -> Iterator[int]:
    """The descriptor of an empty file that nobody else finds, for reading and writing.

    Args:
        directory: on its file system, which gets it if need be; the one for temporary files if
            None.

    Raises:
        SettingsError: there can be no file.
    """
    try:
        if directory is not None:
            directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory) as file:
            descriptor = fcntl.fcntl(file.fileno(), fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    except OSError as error:
        raise SettingsError(
            f"--sim-dump: there can be no file in {directory or tempfile.gettempdir()}: "
            f"{error.strerror}; name another directory by --sim-dump-dir"
        ) from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def keeping(setup: CaseSetup, settings: Settings) -> Iterator[CaseSetup]:
    """The setup of a run that keeps what the settings ask for, until the context ends.

    Raises:
        SettingsError: a kernel was asked for that the case does not have, or there can be no file.
    """
    if settings.dump is None:
        yield setup
        return
    with dump_file(Path(settings.dump_dir).absolute()) as descriptor:
        request = _request(settings.dump, settings.dump_limit, descriptor, setup.built)
        yield replace(setup, options=replace(setup.options, dump=request))


def _request(choice: DumpChoice, limit: int, descriptor: int, built: BuiltCase) -> DumpRequest:
    """What the engine is asked for.

    Raises:
        SettingsError: a kernel is named that the case does not have.
    """
    names = [kernel.spec.name for kernel in built.kernels]
    if unknown := [name for name in choice.kernels if name not in names]:
        raise SettingsError(
            f"--sim-dump: there is no kernel {unknown[0]!r}; there are {', '.join(names)}, ids of "
            "tasks, and all"
        )
    return DumpRequest(
        descriptor=descriptor,
        limit=limit,
        everything=choice.everything,
        tasks=choice.tasks,
        func_ids=tuple(
            kernel.spec.func_id for kernel in built.kernels if kernel.spec.name in choice.kernels
        ),
    )


def observing(options: RunOptions, descriptor: int, limit: int) -> RunOptions:
    """Options of a run that keeps what tasks leave in described memory; nothing else is looked at.

    Tasks run in the order of the first run if it had one, else in that in which they were added.
    """
    schedule = Schedule("creation") if options.schedule.is_default else options.schedule
    request = DumpRequest(descriptor, limit, everything=True, changes_only=True)
    return replace(
        options, threads=1, schedule=schedule, orders=(), checks=(), described=None, dump=request
    )


def check_tasks(choice: DumpChoice, graph: Graph) -> None:
    """Checks that the graph has the tasks that are asked for.

    Raises:
        SettingsError: it has not.
    """
    if unknown := [task for task in choice.tasks if task >= graph.tasks]:
        raise SettingsError(
            f"--sim-dump: there is no task {unknown[0]}; the graph has tasks 0 to {graph.tasks - 1}"
        )
