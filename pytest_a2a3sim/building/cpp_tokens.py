"""Words and signs of preprocessed C++, and what some of them are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<number>\.?\d(?:[eEpP][+-]|'?[\w.])*)
    | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    | (?P<sign>::|->|[^\s\w"'])
    """,
    re.VERBOSE,
)
LINE_MARKER = re.compile(r'^# \d+ "[^"\n]*"[ \d]*$', re.MULTILINE)
_STRING_PREFIXES = frozenset({"R", "LR", "uR", "UR", "u8R"})  # of raw ones
CLOSING = {"(": ")", "[": "]", "{": "}"}
TYPES = frozenset({"struct", "class", "union", "enum"})
_ELSEWHERE = frozenset(
    {
        *("asm", "__asm", "__asm__", "__declspec", "friend", "operator", "typedef", "typeid"),
        *("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__", "_Pragma", "source_location"),
        *("__builtin_FUNCTION", "__builtin_FILE", "__builtin_source_location", "dladdr"),
        *("module", "import", "export", "concept", "requires", "co_await", "co_yield", "co_return"),
        *("main", "_init", "_fini", "_start"),
    }
)
_GNU_ATTRIBUTES = frozenset(
    {"always_inline", "__always_inline__", "noinline", "__noinline__", "unused", "__unused__"}
)
_ATTRIBUTES = frozenset({"maybe_unused", "nodiscard", "likely", "unlikely", "fallthrough"})


class UnfitError(Exception):
    """It may mean something else in a namespace."""


@frozen
class Token:
    """A word, number, text or sign, and where it starts."""

    kind: str
    text: str
    start: int


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of a text.

    Raises:
        UnfitError: one of them asks where it stands, or may be no token at all.
    """
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match[0] in {"#", "\\", "`", "@"}:
            raise UnfitError
        kind = str(match.lastgroup)
        position = match.end()
        if kind == "word" and (
            match[0] in _ELSEWHERE
            or "a2a3sim_unit" in match[0]
            or (match[0] in _STRING_PREFIXES and text[position : position + 1] == '"')
        ):
            raise UnfitError
        if kind != "space":
            yield Token(kind, match[0], match.start())


def check_brackets(tokens: list[Token]) -> None:
    """Refuses types and lambdas: functions for a type are looked for in its namespace, too."""
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else token
        if token.text in TYPES:
            opening = [each.text for each in tokens[max(place - 2, 0) : place]]
            if token.text != "class" or opening != ["template", "<"]:
                raise UnfitError
        if token.text == "[":
            after = tokens[min(place + 1, len(tokens) - 1)]
            is_index = before.kind in {"word", "text"} and before.text != "return"
            is_index = is_index or before.text in {")", "]", "[", ">"}
            if not is_index and after.text != "[":
                raise UnfitError


def check_attributes(tokens: list[Token]) -> None:
    """Refuses attributes that have an effect beyond a function, or that are not known."""
    texts = [token.text for token in tokens]
    for place, text in enumerate(texts):
        if text in {"__attribute__", "__attribute"}:
            allowed = {"(", ")", ",", *_GNU_ATTRIBUTES}
            end = place + 1 + _length(texts[place + 1 :], "(", ")")
        elif text == "[" and texts[place + 1 : place + 2] == ["["]:
            allowed = {"[", "]", ",", *_ATTRIBUTES}
            end = place + _length(texts[place:], "[", "]")
        else:
            continue
        if not set(texts[place + 1 : end]) <= allowed:
            raise UnfitError


def _length(texts: list[str], opening: str, closing: str) -> int:
    """Of what stands in brackets at the beginning."""
    depth = 0
    for place, text in enumerate(texts):
        depth += (text == opening) - (text == closing)
        if depth == 0:
            return place + 1
    raise UnfitError
