"""What a kernel's source has behind its includes: whether it means the same in a namespace.

It does where its names are its own. Everything that it declares is found first there, as it is in
the global namespace if nothing else has such a name; every other name is found further out, as
before. So only bodies are taken that consist of functions, aliases and constants, and that say
nothing that depends on where they stand, on what stands beside them, or on more than one name.
"""

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
_LINE_MARKER = re.compile(r'^# \d+ "[^"\n]*"[ \d]*$', re.MULTILINE)
_STRING_PREFIXES = frozenset({"R", "LR", "uR", "UR", "u8R"})  # of raw ones
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_ATTRIBUTES = frozenset(
    {"always_inline", "__always_inline__", "noinline", "unused", "__unused__", "maybe_unused"}
)
_TYPES = frozenset({"struct", "class", "union", "enum"})
_NO_DECLARATION = frozenset({*_CLOSING, *_CLOSING.values(), ";", "extern", "namespace", "template"})
_ELSEWHERE = frozenset(
    {
        *("asm", "__asm", "__asm__", "friend", "operator", "typeid", "typedef"),
        *("__func__", "__FUNCTION__", "__PRETTY_FUNCTION__", "source_location", "_Pragma"),
        *("module", "import", "export", "concept", "requires", "co_await", "co_yield"),
    }
)
_NOT_NAMES = frozenset(
    {"if", "for", "while", "switch", "return", "sizeof", "decltype", "alignas", "noexcept", "auto"}
)


@frozen
class Body:
    """The text behind a source's includes.

    Attributes:
        text: preprocessed, with line markers; the names of its entries end in a suffix.
        names: that it declares where other declarations of the same names would matter.
        entries: functions with the linkage of C, by the names that their author gave them.
    """

    text: str
    names: frozenset[str]
    entries: frozenset[str]


class _UnfitError(Exception):
    """It may mean something else in a namespace."""


@frozen
class _Token:
    kind: str
    text: str
    start: int


def read_body(text: str, suffix: str) -> Body | None:
    """Reads a body; None if it may mean something else in a namespace.

    Args:
        text: preprocessed.
        suffix: for the names of its entries, which are in no namespace.
    """
    blank = _LINE_MARKER.sub(lambda marker: " " * len(marker[0]), text)
    try:
        tokens = list(_tokens(blank))
        _refuse_types(tokens)
        names, entries = _Reader(tokens).read()
    except _UnfitError:
        return None
    parts, position = [], 0
    for token in tokens:
        if token.kind == "word" and token.text in entries:
            end = token.start + len(token.text)
            parts += [text[position:end], suffix]
            position = end
    return Body("".join([*parts, text[position:]]), frozenset(names), frozenset(entries))


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match[0] == "#":
            raise _UnfitError
        kind = str(match.lastgroup)
        position = match.end()
        if kind == "word" and (
            match[0] in _ELSEWHERE
            or (match[0] in _STRING_PREFIXES and text[position : position + 1] == '"')
        ):
            raise _UnfitError
        if kind != "space":
            yield _Token(kind, match[0], match.start())


def _refuse_types(tokens: list[_Token]) -> None:
    """Functions for a type are looked for in its namespace, too."""
    for place, token in enumerate(tokens):
        if token.text in _TYPES and tokens[place - 1].text not in {"<", ","}:
            raise _UnfitError
        if token.text == "[":
            before, after = tokens[place - 1], tokens[min(place + 1, len(tokens) - 1)]
            is_index = before.kind in {"word", "text"} and before.text != "return"
            is_index = is_index or before.text in {")", "]", "[", ">"}
            if not is_index and after.text != "[":
                raise _UnfitError


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._names: set[str] = set()
        self._entries: set[str] = set()

    def read(self) -> tuple[set[str], set[str]]:
        """The names and the entries."""
        depth = 0  # of unnamed namespaces
        while self._next < len(self._tokens):
            word = self._peek()
            if word == ";":
                self._next += 1
            elif word == "}" and depth:
                depth -= 1
                self._next += 1
            elif word == "namespace" and self._peek(1) == "{":
                depth += 1
                self._next += 2
            elif word == "using":
                self._read_using()
            elif word == "static_assert":
                self._skip_until(";")
            else:
                self._read_function_or_constant()
        return self._names, self._entries

    def _peek(self, ahead: int = 0) -> str:
        place = self._next + ahead
        return self._tokens[place].text if place < len(self._tokens) else ""

    def _take(self) -> _Token:
        if self._next == len(self._tokens):
            raise _UnfitError
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _skip_until(self, end: str, *, alone: bool = False) -> list[_Token]:
        """What comes before a sign that stands in no bracket; the sign is taken too.

        Args:
            end: that sign.
            alone: whether there must be no comma on the way that stands in no bracket either.
        """
        passed: list[_Token] = []
        while (token := self._take()).text != end:
            passed.append(token)
            if token.text in {"extern", *_CLOSING.values()} or (alone and token.text == ","):
                raise _UnfitError
            if token.text in _CLOSING:
                passed += self._skip_until(_CLOSING[token.text])
                passed.append(self._tokens[self._next - 1])
        return passed

    def _read_using(self) -> None:
        words = [token.text for token in self._skip_until(";", alone=True)]
        if words[1:2] != ["namespace"]:
            self._names.add(words[1] if words[2:3] == ["="] else words[-1])

    def _read_function_or_constant(self) -> None:
        is_entry = self._peek() == "extern"
        if is_entry:
            self._next += 1
            if self._take().text != '"C"':
                raise _UnfitError
        if self._peek() == "template":
            self._skip_template()
        words = self._read_declarator()
        self._names.add(words[-1])
        if self._peek() != "(":
            if is_entry or self._peek() != "=" or "constexpr" not in words:
                raise _UnfitError
            self._skip_until(";", alone=True)
            return
        self._next += 1
        self._skip_until(")")
        if any(token.text == ";" for token in self._skip_until("{")):
            raise _UnfitError
        self._skip_until("}")
        if is_entry:
            self._entries.add(words[-1])

    def _read_declarator(self) -> list[str]:
        """The words up to the name of a function or of a constant, which is the last one."""
        passed: list[_Token] = []
        while self._peek() not in {"(", ";", "="}:
            token = self._take()
            if token.text in {"__attribute__", "[", "alignas", "decltype"}:
                self._skip_attribute(token.text)
            elif token.text in _TYPES or token.text in _NO_DECLARATION:
                raise _UnfitError
            else:
                passed.append(token)
        words = [token.text for token in passed]
        is_name = passed and passed[-1].kind == "word" and words[-1] not in _NOT_NAMES
        if not is_name or words[-2:-1] == ["::"]:
            raise _UnfitError
        return words

    def _skip_template(self) -> None:
        """Past the parameters of a template that is no specialisation."""
        self._next += 1
        if self._take().text != "<" or self._peek() == ">":
            raise _UnfitError
        depth = 1
        while depth:
            token = self._take()
            if token.text in _CLOSING:
                self._skip_until(_CLOSING[token.text])
            elif token.text in _NO_DECLARATION:
                raise _UnfitError
            depth += {"<": 1, ">": -1}.get(token.text, 0)

    def _skip_attribute(self, word: str) -> None:
        allowed = _ATTRIBUTES if word in {"__attribute__", "["} else None
        if word != "[" and self._take().text != "(":
            raise _UnfitError
        inner = self._skip_until("]" if word == "[" else ")")
        words = {token.text for token in inner if token.kind == "word"}
        if allowed is not None and not words <= allowed:
            raise _UnfitError
