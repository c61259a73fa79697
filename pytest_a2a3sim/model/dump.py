"""What tasks found and left in their arguments: what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@frozen
class Description:
    """What a range of device memory holds.

    Attributes:
        buffer: number of the device buffer, from 0 in the order of allocation.
        offset: of the range in the buffer, in bytes.
        size: bytes.
        tensor: name of the host tensor that was copied there, or is copied back from there; None
            for what the orchestration describes, which has the next three.
    """

    buffer: int
    offset: int
    size: int
    tensor: str | None
    name: str = ""
    dtype: str = ""
    shape: tuple[int, ...] = ()


@frozen
class RawRange:
    """Device memory that an argument points into; positions in the dump's file, None where none.

    Attributes:
        buffer: number of the device buffer.
        begin: address of the range.
        size: bytes.
        description: index of what it is known to hold, None for a whole buffer.
        changed: by the task.
        found: where the bytes are as the task found them.
        left: as it left them; the same place if it did not change them.
    """

    buffer: int
    begin: int
    size: int
    description: int | None
    changed: bool
    found: int | None
    left: int | None


@frozen
class RawTask:
    """A task that was looked at; ``ranges`` are indices by argument, None where there is none."""

    task: int
    func_id: int
    finished: bool
    arguments: tuple[int, ...]
    ranges: tuple[int | None, ...]


@frozen
class RawDump:
    """What the engine has kept, besides the bytes.

    Attributes:
        tasks: in the order in which they ran.
        left_out: ranges for which there was no room.
        error: why the file could not be written; empty if it could.
    """

    descriptions: tuple[Description, ...]
    tasks: tuple[RawTask, ...]
    ranges: tuple[RawRange, ...]
    left_out: int = 0
    error: str = ""


@frozen
class DumpedArgument:
    """An argument of a dumped task.

    Attributes:
        index: of the argument.
        value: its 64 bits.
        name: of what it points into, as far as it is known.
        dtype: likewise; a type that NumPy lacks is stored as unsigned ints of its size.
        shape: likewise.
        buffer: number of the device buffer that it points into; None for a scalar.
        offset: where it points to in the file, in bytes.
        changed: whether the task changed any of the bytes in the file.
        found: the bytes as the task found them, ``.npy`` where dtype and shape are known, else
            ``.bin``; None for a scalar, or for what is left out.
        left: as it left them: the same file if it changed none. None also where it did not end.
    """

    index: int
    value: int
    name: str | None = None
    dtype: str | None = None
    shape: tuple[int, ...] | None = None
    buffer: int | None = None
    offset: int | None = None
    changed: bool = False
    found: Path | None = None
    left: Path | None = None


@frozen
class DumpedTask:
    """A dumped task; ``finished`` is whether its kernel returned."""

    task: int
    kernel: str
    func_id: int
    finished: bool
    arguments: tuple[DumpedArgument, ...]


@frozen
class Dump:
    """The files of one case.

    Attributes:
        directory: which has nothing else.
        tasks: in the order in which they ran.
        bytes: of arguments that were kept.
        left_out: arguments for which there was no room: see ``--sim-dump-limit``.
        problem: what kept others from being written; empty if nothing did.
    """

    directory: Path
    tasks: tuple[DumpedTask, ...]
    bytes: int
    left_out: int = 0
    problem: str = ""

    @property
    def files(self) -> Mapping[Path, DumpedArgument]:
        """Each file, and the first argument that it is about."""
        found: dict[Path, DumpedArgument] = {}
        for task in self.tasks:
            for argument in task.arguments:
                for path in (argument.found, argument.left):
                    if path is not None:
                        found.setdefault(path, argument)
        return found
