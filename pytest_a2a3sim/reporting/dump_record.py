"""The dump of a case -> its part of the record, and what there is to say of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.shown_path import shown_path
from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pytest_a2a3sim.model.dump import Dump, DumpedArgument
    from pytest_a2a3sim.model.record import DumpedArgumentRecord, DumpRecord

_UNITS = (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def dump_record(dump: Dump, root: Path) -> DumpRecord:
    """The record of a dump; its directory is relative to ``root`` where it is below it."""
    return {
        "directory": shown_path(dump.directory, root),
        "bytes": dump.bytes,
        "left_out": dump.left_out,
        "problem": dump.problem or None,
        "tasks": [
            {
                "task": task.task,
                "kernel": task.kernel,
                "func_id": task.func_id,
                "finished": task.finished,
                "arguments": [_argument(each, dump.directory) for each in task.arguments],
            }
            for task in dump.tasks
        ],
    }


def _argument(argument: DumpedArgument, directory: Path) -> DumpedArgumentRecord:
    def relative(path: Path | None) -> str | None:
        return None if path is None else path.relative_to(directory).as_posix()

    return {
        "index": argument.index,
        "value": argument.value,
        "name": argument.name,
        "dtype": argument.dtype,
        "shape": None if argument.shape is None else list(argument.shape),
        "buffer": argument.buffer,
        "offset": argument.offset,
        "changed": argument.changed,
        "found": relative(argument.found),
        "left": relative(argument.left),
    }


def dump_lines(dumps: Sequence[DumpRecord]) -> Iterator[str]:
    """``dumped 8 tasks of 1 case, 1.2 MiB, in a2a3sim-dump``, and what each lacks."""
    if not dumps:
        return
    directories = {os.path.dirname(dump["directory"]) or "." for dump in dumps}  # noqa: PTH120 - text
    tasks = counted(sum(len(dump["tasks"]) for dump in dumps), "task")
    size = size_text(sum(dump["bytes"] for dump in dumps))
    cases = f" of {counted(len(dumps), 'case')}" if len(dumps) > 1 else ""
    where = dumps[0]["directory"] if len(dumps) == 1 else ", ".join(sorted(directories))
    yield f"dumped {tasks}{cases}, {size}, in {where}"
    for dump in dumps:
        if lack := _lack(dump):
            yield lack if len(dumps) == 1 else f"{dump['directory']}: {lack}"


def _lack(dump: DumpRecord) -> str:
    if dump["problem"] is not None:
        return f"the dump is incomplete: {dump['problem']}"
    if dump["left_out"]:
        return (
            f"the dump is incomplete: {counted(dump['left_out'], 'argument')} did not fit "
            "(--sim-dump-limit)"
        )
    return ""


def size_text(size: int) -> str:
    """``1.2 MiB``, ``512 bytes``."""
    for unit, factor in _UNITS:
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return counted(size, "byte")
