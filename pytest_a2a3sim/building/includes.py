"""The headers that a compiler read, and where a new file would change what it finds."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_a2a3sim.building.store.fingerprint import Glance

_DIRECTIVE = re.compile(
    rb"^[ \t]*#[ \t]*(?P<kind>include|include_next|import)[ \t]*"
    rb"(?:\"(?P<quoted>[^\"\n]+)\"|<(?P<angled>[^>\n]+)>)",
    re.MULTILINE,
)
_HAS_INCLUDE = re.compile(
    rb"__has_include(?P<next>_next)?[ \t]*\([ \t]*"
    rb"(?:\"(?P<quoted>[^\"\n]+)\"|<(?P<angled>[^>\n]+)>)"
)
_ESCAPED = re.compile(r"\\(?:\n|(.))|\$\$", re.DOTALL)
_WORD = re.compile(r"(?:\\[^\n]|\$\$|[^\s\\])+")

Absent = dict[str, tuple[str, ...]]
"""Names of files that must not appear, by directory."""


def dependencies(text: str) -> tuple[str, ...]:
    """The prerequisites of the first rule of the Makefile that ``-MD`` writes, in order, each once.

    Spaces, ``#`` and backslashes are escaped by a backslash in such a file, and ``$`` is doubled.
    """
    joined = text.replace("\\\n", " ")
    _, _, prerequisites = joined.partition(": ")
    first_rule = prerequisites.split("\n", 1)[0]
    words = (_unescape(word) for word in _WORD.findall(first_rule))
    return tuple(dict.fromkeys(words))


def _unescape(word: str) -> str:
    return _ESCAPED.sub(lambda match: match.group(1) or "$", word)


@dataclass(frozen=True)
class SearchPath:
    """The directories of one command line, in the order of the search.

    Attributes:
        quoted: searched for ``#include "..."`` only, after the including file's directory.
        angled: searched for both forms.
        missing: named on the command line but not there; where they stand in the order is not
            known, so they count as searched first.
    """

    quoted: tuple[str, ...]
    angled: tuple[str, ...]
    missing: tuple[str, ...]


def parse_search_path(verbose_output: str) -> SearchPath:
    """Reads what ``-E -v`` of gcc and clang prints."""
    lists: dict[str, list[str]] = {"quoted": [], "angled": [], "missing": []}
    current: list[str] | None = None
    for line in verbose_output.splitlines():
        if line.startswith("ignoring nonexistent directory "):
            lists["missing"].append(line.split('"')[1])
        elif line.startswith('#include "..." search starts here'):
            current = lists["quoted"]
        elif line.startswith("#include <...> search starts here"):
            current = lists["angled"]
        elif line.startswith("End of search list"):
            current = None
        elif current is not None:
            current.append(line.strip().removesuffix(" (framework directory)"))
    return SearchPath(**{name: tuple(directories) for name, directories in lists.items()})


@dataclass(frozen=True)
class Directive:
    """An ``#include`` or ``__has_include`` in a file's text, whether or not it is active.

    Attributes:
        name: what stands between the quotes or angles.
        quoted: whether it stands between quotes.
        everywhere: whether a file further down the search path matters too (``include_next``).
    """

    name: str
    quoted: bool
    everywhere: bool


def directives(text: bytes) -> frozenset[Directive]:
    """Every include directive of a file; those with a macro for a name are not seen."""
    found = set()
    for match in _DIRECTIVE.finditer(text):
        found.add(_directive(match, everywhere=match["kind"] == b"include_next"))
    if b"__has_include" in text:
        for match in _HAS_INCLUDE.finditer(text):
            found.add(_directive(match, everywhere=match["next"] is not None))
    return frozenset(found)


def _directive(match: re.Match[bytes], *, everywhere: bool) -> Directive:
    quoted = match["quoted"] is not None
    name = match["quoted"] if quoted else match["angled"]
    return Directive(os.fsdecode(name), quoted, everywhere)


def absent_candidates(files: Mapping[str, frozenset[Directive]], search: SearchPath) -> Absent:
    """The paths at which a new file would be found instead of a file that was compiled.

    Args:
        files: every file that the compiler read, by absolute path, with its directives.
        search: the compiler's search path.

    Returns:
        Names by directory. It errs on the side of naming too many: a directive in a branch that is
        not compiled counts as well.
    """
    angled = (*search.missing, *search.angled)
    by_quotes = (*search.missing, *search.quoted, *search.angled)
    candidates: set[str] = set()
    exists: dict[str, bool] = {}
    walked: set[tuple[str | None, Directive]] = set()
    for path, found in files.items():
        own_directory = os.path.dirname(path)  # noqa: PTH120 - some thousand times a case
        for directive in found:
            start = own_directory if directive.quoted else None
            if (start, directive) in walked:
                continue
            walked.add((start, directive))
            directories = (own_directory, *by_quotes) if directive.quoted else angled
            _walk(directive, directories, candidates, exists)
    for path in files.keys() - _reached(files, walked, angled, by_quotes):
        _walk_relative(path, angled, candidates, exists)
    return _by_directory(candidates)


def _walk(
    directive: Directive, directories: Iterable[str], candidates: set[str], exists: dict[str, bool]
) -> None:
    for directory in directories:
        path = f"{directory}/{directive.name}" if directive.name[0] != "/" else directive.name
        if not _is_file(path, exists):
            candidates.add(path)
        elif not directive.everywhere:
            return


def _is_file(path: str, exists: dict[str, bool]) -> bool:
    known = exists.get(path)
    if known is None:
        known = exists[path] = os.path.isfile(path)  # noqa: PTH113 - as above
    return known


def _reached(
    files: Mapping[str, frozenset[Directive]],
    walked: set[tuple[str | None, Directive]],
    angled: tuple[str, ...],
    by_quotes: tuple[str, ...],
) -> set[str]:
    """The files that a literal directive names; a macro must have named the others."""
    reached = set()
    for start, directive in walked:
        directories = (start, *by_quotes) if start is not None else angled
        for directory in directories:
            path = f"{directory}/{directive.name}" if directive.name[0] != "/" else directive.name
            if path in files:
                reached.add(path)
    return reached


def _walk_relative(
    path: str, directories: tuple[str, ...], candidates: set[str], exists: dict[str, bool]
) -> None:
    for i, directory in enumerate(directories):
        prefix = f"{directory}/"
        if path.startswith(prefix):
            name = path[len(prefix) :]
            for earlier in directories[:i]:
                candidate = f"{earlier}/{name}"
                if not _is_file(candidate, exists):
                    candidates.add(candidate)


def _by_directory(paths: Iterable[str]) -> Absent:
    names: dict[str, list[str]] = {}
    for path in sorted(paths):
        directory, _, name = path.rpartition("/")
        names.setdefault(directory, []).append(name)
    return {directory: tuple(listed) for directory, listed in names.items()}


def appeared(absent: Absent, glance: Glance) -> str | None:
    """The first of the paths at which there is a file now."""
    for directory, names in absent.items():
        for name in glance.names(directory).intersection(names):
            path = f"{directory}/{name}"
            if os.path.isfile(path):  # noqa: PTH113 - as above
                return path
    return None
