"""Which files a source may include, as its text says: more than the compiler reads, never less."""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_DIRECTIVE = re.compile(
    rb"""(?: ^[ \t]*\#[ \t]*(?:include(?:_next)?|import|embed) | __has_(?:include|embed) )
    [ \t]* (.*)""",
    re.VERBOSE | re.MULTILINE,
)
_NAMED = re.compile(rb'\(?[ \t]*(?:"([^"]+)"|<([^>]+)>)')
_DIRECTORIES = ("-I", "-isystem", "-iquote", "-idirafter")
_HEADERS = ("-include", "-imacros")

ANY = "?"
"""Stands for any file: a directive names a macro."""


def included(source: Path, flags: Sequence[str], below: str) -> set[str]:
    """Absolute paths at which a file may be that a source includes, whether it is there or not.

    Args:
        source: its path.
        flags: of its compiler, in order.
        below: files elsewhere are not looked into.
    """
    directories = tuple(_values(flags, _DIRECTORIES, source.parent))
    found = {str(source)}
    pending = [str(source), *_values(flags, _HEADERS, source.parent)]
    while pending:
        path = pending.pop()
        found.add(path)
        for name in _names(path) if path.startswith(f"{below}/") else ():
            if name == ANY:
                found.add(ANY)
                continue
            for directory in (os.path.dirname(path), *directories):  # noqa: PTH120 - many
                candidate = os.path.normpath(f"{directory}/{name}")
                if candidate not in found:
                    found.add(candidate)
                    pending.append(candidate)
    return found


def _values(flags: Sequence[str], options: tuple[str, ...], directory: Path) -> Iterable[str]:
    """What follows some options, as absolute paths."""
    for previous, flag in zip(("", *flags), flags, strict=False):
        option = next((each for each in options if flag.startswith(each)), None)
        if previous in options:
            yield os.path.normpath(directory / flag)
        elif option is not None and flag != option:
            yield os.path.normpath(directory / flag.removeprefix(option))


@functools.lru_cache(maxsize=4096)
def _names(path: str) -> tuple[str, ...]:
    """The names in a file's directives."""
    try:
        text = Path(path).read_bytes().replace(b"\\\n", b"")
    except OSError:
        return ()
    names = []
    for operand in _DIRECTIVE.findall(text):
        named = _NAMED.match(operand)
        names.append(os.fsdecode(named[1] or named[2]) if named else ANY)
    return tuple(names)
