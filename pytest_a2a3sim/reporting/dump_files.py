"""What a run has kept of tasks' arguments -> a directory of files."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.model.dump import Dump, DumpedArgument, DumpedTask
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.tensor import STANDARD_DTYPES
from pytest_a2a3sim.reporting.artifacts import clean, directory_name
from pytest_a2a3sim.reporting.dump_record import dump_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pytest_a2a3sim.model.dump import Description, RawDump, RawRange, RawTask
    from pytest_a2a3sim.model.tensor import Tensor

_CHUNK = 1 << 20
_MOST_TRIES = 100
_OVERWRITTEN = "the case has overwritten the file that it was kept in"


@frozen
class Kept:
    """A run that has ended.

    Attributes:
        raw: what the engine has kept.
        descriptor: of the file with the bytes.
        tensors: of the host, by name.
        kernels: names by func_id.
    """

    raw: RawDump
    descriptor: int
    tensors: Mapping[str, Tensor]
    kernels: Mapping[int, str]


def label_of(golden: Path, case: str) -> str:
    """What a case is called that is no item of pytest: a name like a node id."""
    here = Path.cwd()
    path = golden.relative_to(here) if golden.is_relative_to(here) else golden
    return f"{path.as_posix()}::{case}"


def save(parent: Path, label: str, kept: Kept) -> Dump:
    """Writes the files of a case into a directory of its own, in the place of an earlier dump.

    Whoever looks there finds all files of one run, or none.

    Args:
        parent: has a directory for each case.
        label: that no other case has.
        kept: what is written.
    """
    target = parent / directory_name(label)
    try:
        with _replacing(target) as directory:
            dump = _Writer(directory, kept).write()
            index = json.dumps(dump_record(dump, directory), indent=1)
            (directory / "index.json").write_text(index + "\n", encoding="utf-8")
        tasks = tuple(_moved(task, directory, target) for task in dump.tasks)
        return replace(dump, directory=target, tasks=tasks)
    except OSError as error:
        return Dump(target, (), 0, kept.raw.left_out, f"{target} cannot be written: {error}")


class _Writer:
    """Writes the files of one case; what is known of its bytes is checked, and no more believed."""

    def __init__(self, directory: Path, kept: Kept) -> None:
        self._directory = directory
        self._kept = kept
        self._size = os.fstat(kept.descriptor).st_size
        self._bytes = 0
        self._problem = kept.raw.error
        self._written: dict[int, tuple[Path | None, Path | None]] = {}  # by range
        last = max((task.task for task in kept.raw.tasks), default=0)
        self._digits = len(str(last))

    def write(self) -> Dump:
        tasks = tuple(map(self._task, self._kept.raw.tasks))
        return Dump(self._directory, tasks, self._bytes, self._kept.raw.left_out, self._problem)

    def _task(self, raw: RawTask) -> DumpedTask:
        kernel = self._kept.kernels[raw.func_id]
        directory = self._directory / f"task{raw.task:0{self._digits}}-{clean(kernel)}"
        pairs = enumerate(zip(raw.arguments, raw.ranges, strict=True))
        return DumpedTask(
            task=raw.task,
            kernel=kernel,
            func_id=raw.func_id,
            finished=raw.finished,
            arguments=tuple(
                self._argument(directory, index, value, number) for index, (value, number) in pairs
            ),
        )

    def _argument(
        self, directory: Path, index: int, value: int, number: int | None
    ) -> DumpedArgument:
        if number is None:
            return DumpedArgument(index, value)
        raw = self._kept.raw.ranges[number]
        known = self._known(raw)
        if number not in self._written:
            name = f"arg{index}" if known.name is None else f"arg{index}.{clean(known.name)}"
            self._written[number] = self._files(directory / name, raw, known)
        found, left = self._written[number]
        return replace(
            known,
            index=index,
            value=value,
            buffer=raw.buffer,
            offset=value - raw.begin,
            changed=raw.changed,
            found=found,
            left=left,
        )

    def _known(self, raw: RawRange) -> DumpedArgument:
        nothing = DumpedArgument(0, 0)
        if raw.description is None:
            return nothing
        description: Description = self._kept.raw.descriptions[raw.description]
        if description.tensor is not None:
            tensor = self._kept.tensors[description.tensor]
            return replace(nothing, name=tensor.name, dtype=tensor.dtype, shape=tensor.shape)
        return replace(
            nothing, name=description.name, dtype=description.dtype, shape=description.shape
        )

    def _files(
        self, stem: Path, raw: RawRange, known: DumpedArgument
    ) -> tuple[Path | None, Path | None]:
        """The files of a range as it was found and left."""
        if raw.changed:
            return (
                self._file(stem, "found", raw.found, raw, known),
                self._file(stem, "left", raw.left, raw, known),
            )
        file = self._file(stem, "", raw.found, raw, known)
        return file, None if raw.left is None else file

    def _file(
        self, stem: Path, when: str, position: int | None, raw: RawRange, known: DumpedArgument
    ) -> Path | None:
        if position is None:
            return None
        if position + raw.size > self._size:
            self._problem = self._problem or _OVERWRITTEN
            return None
        suffix = "bin" if known.dtype is None else "npy"
        path = stem.with_name(".".join(filter(None, (stem.name, when, suffix))))
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            if known.dtype is not None and known.shape is not None:
                _write_header(file, known.dtype, known.shape, raw.size)
            self._copy(position, raw.size, file)
        self._bytes += raw.size
        return path

    def _copy(self, position: int, size: int, file: IO[bytes]) -> None:
        end = position + size
        while position < end:
            chunk = os.pread(self._kept.descriptor, min(_CHUNK, end - position), position)
            if not chunk:
                raise OSError(_OVERWRITTEN)
            file.write(chunk)
            position += len(chunk)


def _write_header(file: IO[bytes], dtype: str, shape: tuple[int, ...], size: int) -> None:
    """The head of a .npy file; what NumPy lacks becomes unsigned ints of its size."""
    if dtype not in STANDARD_DTYPES:
        dtype = f"uint{8 * size // max(1, int(np.prod(shape, dtype=np.int64)))}"
    np.lib.format.write_array_header_1_0(
        file,
        {
            "descr": np.lib.format.dtype_to_descr(np.dtype(dtype)),
            "fortran_order": False,
            "shape": shape,
        },
    )


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A directory that gets the name ``target`` when the context ends without an exception."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{target.name}.", dir=target.parent, ignore_cleanup_errors=True
    ) as holder:
        made = Path(holder, "new")
        made.mkdir()
        yield made
        for attempt in range(_MOST_TRIES):
            if _renamed(made, target):
                return
            with contextlib.suppress(FileNotFoundError):
                target.rename(Path(holder, f"old{attempt}"))
        raise OSError(f"{target} is replaced all the time")


def _renamed(made: Path, target: Path) -> bool:
    """False if there is a directory of that name, which another process may be replacing, too."""
    try:
        made.rename(target)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
        return False
    return True


def _moved(task: DumpedTask, origin: Path, target: Path) -> DumpedTask:
    def there(path: Path | None) -> Path | None:
        return None if path is None else target / path.relative_to(origin)

    return replace(
        task,
        arguments=tuple(
            replace(each, found=there(each.found), left=there(each.left)) for each in task.arguments
        ),
    )
