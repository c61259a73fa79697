"""What includes become, with the macros that they define, and what follows from that."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MARKER = re.compile(r'# \d+ "([^"\n]*)"')
_PREDEFINED = ("<built-in>", "<command-line>", "<command line>")
# What is another thing in another source, at another time, or where something else is beside it.
_VARYING = (
    *("__DATE__", "__TIME__", "__TIMESTAMP__", "__COUNTER__", "__BASE_FILE__", "__INCLUDE_LEVEL__"),
    *("__has_include", "__has_embed", "__PRETTY_FUNCTION__", "__func__", "__FUNCTION__"),
    *("__builtin_FUNCTION", "source_location", "_Pragma", "a2a3sim_unit"),
)
_IN_TEXT = (
    *("__PRETTY_FUNCTION__", "__builtin_FUNCTION", "source_location", "a2a3sim_unit", 'R"'),
)
_DEFINITION = re.compile(r"#define (\w+)")
_PRAGMA = re.compile(r"^[ \t]*#[ \t]*pragma[ \t]+(.*)$", re.MULTILINE)
_HARMLESS = re.compile(
    r"(?:GCC|clang) (?:diagnostic|ivdep|loop|system_header|unroll)\b|omp simd\b|once\b"
)
_VISIBILITY = re.compile(r"GCC visibility (push|pop)\b")


class Listing:
    """The output of a preprocessor that was asked for macros, too.

    Attributes:
        text: what is compiled.
        macros: the directives that define them, without those that every source has.
    """

    def __init__(self, listed: str, header: str) -> None:
        """``header`` is the path of the file that was preprocessed."""
        self._header = header
        text: list[str] = []
        macros: list[str] = []
        has_begun = is_behind = is_predefined = False  # behind what every source has
        for line in listed.splitlines(keepends=True):
            if line.startswith(("#define ", "#undef ")):
                if not is_predefined:
                    macros.append(line)
                text.append("\n")
                continue
            if marker := _MARKER.match(line):
                has_begun = has_begun or (is_behind and marker[1] == header)
                is_predefined = not has_begun and marker[1] in _PREDEFINED
                is_behind = is_behind or is_predefined
            text.append(line)
        self.text = "".join(text)
        self.macros = "".join(macros)

    def is_the_same_everywhere(self) -> bool:
        """Whether it says the same for every source, and is over where it ends."""
        pushed = 0
        for pragma in (match[1].strip() for match in _PRAGMA.finditer(self.text)):
            if visibility := _VISIBILITY.match(pragma):
                pushed += 1 if visibility[1] == "push" else -1
            elif not _HARMLESS.match(pragma):
                return False
        lines = self.text.splitlines(keepends=True)
        said = "".join(line for line in lines if not _MARKER.match(line))
        return (
            pushed == 0
            and self._header not in said
            and said.rstrip().endswith((";", "}"))
            and not any(word in said for word in _IN_TEXT)
        )

    @functools.cached_property
    def varying(self) -> frozenset[str]:
        """Words that are another thing in another source, by what macros they become."""
        found: dict[str, None] = dict.fromkeys(_VARYING)
        for word in found.copy():
            self._add_users(word, found)
        return frozenset(found)

    def _add_users(self, word: str, found: dict[str, None]) -> None:
        for position in _places(self.macros, word):
            begin = self.macros.rfind("\n", 0, position) + 1
            definition = _DEFINITION.match(self.macros, begin)
            if definition is not None and definition[1] not in found:
                found[definition[1]] = None
                self._add_users(definition[1], found)

    def mentions(self, word: str) -> bool:
        """Whether it has anything to do with a name."""
        return mentions(self.text, word) or mentions(self.macros, word)


def mentions(text: str, word: str) -> bool:
    """Whether a word stands in a text."""
    return next(_places(text, word), None) is not None


def _places(text: str, word: str) -> Iterator[int]:
    """Where it does."""
    position = text.find(word)
    while position >= 0:
        end = position + len(word)
        around = text[max(position - 1, 0) : position], text[end : end + 1]
        if not any(each.isalnum() or each == "_" for each in around):
            yield position
        position = text.find(word, end)
