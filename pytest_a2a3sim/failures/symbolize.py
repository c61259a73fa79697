"""Code addresses of the simulating process -> functions, source files and lines."""

from __future__ import annotations

import bisect
import functools
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.unit_names import as_written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pytest_a2a3sim.model.case import LoadedObject

_TIMEOUT = 60.0
_DEMANGLERS = ("addr2line", "llvm-addr2line")
_FILTERS = ("c++filt", "llvm-cxxfilt")
_MANGLED = re.compile(r"\b_Z\w+")


@frozen
class Frame:
    """One call of a native backtrace; inlined ones have a frame of their own.

    Attributes:
        function: demangled name, or the object and the address in it.
        file: source file as the compiler knew it, or None.
        is_user: it belongs to a kernel or the orchestration.
    """

    function: str
    file: str | None
    line: int | None
    is_user: bool


class Symbolizer:
    """Names code addresses by the debug information of the objects that they are in.

    Args:
        objects: what the simulating process had loaded.
        user_paths: the objects of the case's own sources.
    """

    def __init__(self, objects: Iterable[LoadedObject], user_paths: Iterable[str]) -> None:
        self._objects = sorted(objects, key=lambda item: item.begin)
        self._begins = [item.begin for item in self._objects]
        self._user_paths = set(user_paths)

    def backtrace(self, addresses: Sequence[int], *, from_user: bool = False) -> tuple[Frame, ...]:
        """The calls of a thread, innermost first, without the engine's own.

        Args:
            addresses: innermost first.
            from_user: leave out the calls further in than the case's own code, such as those of
                the C++ runtime while it throws.
        """
        found = [(address, self._object_at(address)) for address in addresses]
        own = [i for i, (_, item) in enumerate(found) if item and item.path in self._user_paths]
        if own:
            found = found[own[0] if from_user else 0 : own[-1] + 1]
            found = [(address, item) for address, item in found if not _is_engine(item)]
        else:
            found = list(itertools.dropwhile(lambda pair: _is_engine(pair[1]), found))
            found = list(itertools.takewhile(lambda pair: not _is_engine(pair[1]), found))
        lines = self._lines(found)
        return tuple(frame for address, item in found for frame in lines[address, item])

    def lines(self, addresses: Sequence[int]) -> dict[int, Sequence[Frame]]:
        """The calls that each of some unrelated addresses stands for, innermost first."""
        found = [(address, self._object_at(address)) for address in addresses]
        return {address: frames for (address, _), frames in self._lines(found).items()}

    def _object_at(self, address: int) -> LoadedObject | None:
        index = bisect.bisect_right(self._begins, address) - 1
        if index >= 0 and address < self._objects[index].end:
            return self._objects[index]
        return None

    def _lines(
        self, found: Sequence[tuple[int, LoadedObject | None]]
    ) -> dict[tuple[int, LoadedObject | None], list[Frame]]:
        frames: dict[tuple[int, LoadedObject | None], list[Frame]] = {}
        for item in {item for _, item in found}:
            addresses = sorted({address for address, its in found if its == item})
            if item is None:
                named = [
                    [Frame(f"{address:#x}", None, None, is_user=False)] for address in addresses
                ]
            elif item.path in self._user_paths:
                named = _with_lines(item, addresses)
            else:
                named = [[_nearest_symbol(item, address)] for address in addresses]
            frames.update(
                ((address, item), its) for address, its in zip(addresses, named, strict=True)
            )
        return frames


def _is_engine(item: LoadedObject | None) -> bool:
    return item is not None and Path(item.path).name.startswith("_engine.")


def _with_lines(item: LoadedObject, addresses: Sequence[int]) -> list[list[Frame]]:
    """Asks addr2line, which comes with every C++ compiler; inlined calls become frames."""
    in_file = [address - item.bias for address in addresses]
    answer = ""
    if tool := next(filter(None, map(shutil.which, _DEMANGLERS)), None):
        answer = _output([tool, "-e", item.path, "-aifC", *(f"{a:#x}" for a in in_file)])
    frames: list[list[Frame]] = []
    lines = iter(answer.splitlines())
    for line in lines:
        if line.startswith("0x"):
            frames.append([])
            continue
        frames[-1].append(_frame(line, next(lines, "??:0")))
    if len(frames) != len(addresses):
        return [
            [Frame(f"{Path(item.path).name}+{address:#x}", None, None, is_user=True)]
            for address in in_file
        ]
    return frames


def _frame(function: str, location: str) -> Frame:
    """From addr2line's ``kernel_entry`` and ``/path/add.cpp:12 (discriminator 2)``."""
    file, _, rest = location.rpartition(":")
    number = rest.split(" ")[0]
    known = bool(file) and file != "??"
    line = int(number) if known and number.isdecimal() and number != "0" else None
    return Frame(
        as_written(function), os.path.normpath(file) if known else None, line, is_user=True
    )


def _nearest_symbol(item: LoadedObject, address: int) -> Frame:
    """Libraries have no debug information, but names of what they export."""
    begins, names = _exported(item.path)
    in_file = address - item.bias
    # The case may have written anything there.
    name = Path(item.path).name.encode(errors="backslashreplace").decode()
    index = bisect.bisect_right(begins, in_file) - 1
    if index >= 0:
        function, size = names[index]
        if in_file < begins[index] + size:
            return Frame(f"{function} ({name})", None, None, is_user=False)
    return Frame(f"{name}+{in_file:#x}", None, None, is_user=False)


@functools.lru_cache(maxsize=8)
def _exported(path: str) -> tuple[list[int], list[tuple[str, int]]]:
    rows = []
    for line in _output(["nm", "-D", "-C", "-S", "-P", "--defined-only", path]).splitlines():
        fields = line.rsplit(" ", 3)
        if len(fields) == 4 and fields[1] in "TWVi":  # noqa: PLR2004 - name, type, address, size
            rows.append((int(fields[2], 16), fields[0].split("@")[0], int(fields[3] or "0", 16)))
    rows.sort()
    return [row[0] for row in rows], [(row[1], row[2]) for row in rows]


def demangled(text: str) -> str:
    """The text with the names of C++ functions as their authors wrote them."""
    if not _MANGLED.search(text):
        return text
    tool = next(filter(None, map(shutil.which, _FILTERS)), None)
    names = dict.fromkeys(_MANGLED.findall(text))
    plain = _output([tool, *names]).splitlines() if tool else []
    if len(plain) != len(names):
        return text
    known = dict(zip(names, plain, strict=True))
    return _MANGLED.sub(lambda name: known[name[0]], text)


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(  # noqa: S603 - the compiler's companion, on objects it made
            command, capture_output=True, text=True, errors="replace", check=False, timeout=_TIMEOUT
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
