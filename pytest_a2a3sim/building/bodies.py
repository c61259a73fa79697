"""What a kernel's source has behind its includes: whether it means the same in a namespace.

It does where its names are its own. Everything that it declares is found first there, as it is in
the global namespace if nothing else has such a name; every other name is found further out, as
before. So only bodies are taken that consist of functions, aliases and constants, and that say
nothing that depends on where they stand, on what stands beside them, or on more than one name.
"""

from __future__ import annotations

from pytest_a2a3sim.building.cpp_tokens import (
    CLOSING,
    LINE_MARKER,
    TYPES,
    Token,
    UnfitError,
    check_attributes,
    check_brackets,
    tokens_of,
)
from pytest_a2a3sim.model.frozen import frozen

MOST_CHARACTERS = 1 << 18  # of a body; reading a longer one may take longer than is saved
_MOST_NAMES = 64

_SPECIFIERS = frozenset(
    {"static", "inline", "constexpr", "consteval", "const", "volatile", "__inline", "__inline__"}
)
_FUNDAMENTAL = frozenset(
    {
        *("void", "bool", "char", "short", "int", "long", "float", "double", "signed", "unsigned"),
        *("auto", "wchar_t", "char8_t", "char16_t", "char32_t", "typename", "decltype", "alignas"),
        *("if", "for", "while", "switch", "return", "sizeof", "noexcept", "extern", "template"),
    }
)
_NO_DECLARATION = frozenset({*CLOSING, *CLOSING.values(), ";", "extern", "namespace", "template"})


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


def read_body(text: str, suffix: str) -> Body | None:
    """Reads a body; None if it may mean something else in a namespace.

    Args:
        text: preprocessed.
        suffix: for the names of its entries, which are in no namespace.
    """
    if len(text) > MOST_CHARACTERS:
        return None
    blank = LINE_MARKER.sub(lambda marker: " " * len(marker[0]), text)
    try:
        tokens = list(tokens_of(blank))
        check_brackets(tokens)
        check_attributes(tokens)
        names, entries = _Reader(tokens).read()
    except (UnfitError, RecursionError):  # or too deep
        return None
    if len(names) > _MOST_NAMES:
        return None
    parts, position = [], 0
    for token in tokens:
        if token.kind == "word" and token.text in entries:
            end = token.start + len(token.text)
            parts += [text[position:end], suffix]
            position = end
    return Body("".join([*parts, text[position:]]), frozenset(names), frozenset(entries))


class _Reader:
    def __init__(self, tokens: list[Token]) -> None:
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

    def _take(self) -> Token:
        if self._next == len(self._tokens):
            raise UnfitError
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _skip_until(self, end: str, *, alone: bool = False) -> list[Token]:
        """What comes before a sign that stands in no bracket; the sign is taken too.

        Args:
            end: that sign.
            alone: whether there must be no comma on the way that stands in no bracket either.
        """
        passed: list[Token] = []
        while (token := self._take()).text != end:
            passed.append(token)
            if token.text in {"extern", *CLOSING.values()} or (alone and token.text == ","):
                raise UnfitError
            if token.text in CLOSING:
                passed += self._skip_until(CLOSING[token.text])
                passed.append(self._tokens[self._next - 1])
        return passed

    def _read_using(self) -> None:
        words = [token.text for token in self._skip_until(";", alone=True)]
        if words[1:2] == ["namespace"]:
            return
        if words[2:3] != ["="]:
            raise UnfitError
        self._names.add(words[1])

    def _read_function_or_constant(self) -> None:
        is_entry = self._peek() == "extern"
        if is_entry:
            self._next += 1
            if self._take().text != '"C"':
                raise UnfitError
        if self._peek() == "template":
            self._skip_template()
        words = self._read_declarator()
        self._names.add(words[-1])
        if self._peek() != "(":
            if is_entry or self._peek() != "=" or "constexpr" not in words:
                raise UnfitError
            self._skip_until(";", alone=True)
            return
        self._next += 1
        self._skip_until(")")
        self._skip_signature_end()
        self._skip_until("}")
        if is_entry:
            self._entries.add(words[-1])

    def _read_declarator(self) -> list[str]:
        """The words up to the name of a function or of a constant, which is the last one."""
        passed: list[Token] = []
        while self._peek() not in {"(", ";", "="}:
            token = self._take()
            if token.text in {"__attribute__", "__attribute"}:
                self._next += 1
                self._skip_until(")")
            elif token.text == "[" and not passed:
                self._skip_until("]")
            elif token.text in TYPES or token.text in _NO_DECLARATION:
                raise UnfitError
            else:
                passed.append(token)
        words = [token.text for token in passed]
        is_name = bool(passed) and passed[-1].kind == "word"
        # `Type (name)(...)` would be taken for a function of that type's name, which has no type.
        has_type = any(word not in _SPECIFIERS for word in words[:-1])
        if not is_name or not has_type or words[-1] in _FUNDAMENTAL | _SPECIFIERS:
            raise UnfitError
        if words[-2] == "::":
            raise UnfitError
        return words

    def _skip_signature_end(self) -> None:
        """Past what may stand between a function's parameters and its statements."""
        if self._peek() == "noexcept":
            self._next += 1
            if self._peek() == "(":
                self._next += 1
                self._skip_until(")")
        if self._peek() == "->":
            while self._peek() not in {"{", *_NO_DECLARATION}:
                self._next += 1
        if self._take().text != "{":
            raise UnfitError

    def _skip_template(self) -> None:
        """Past the parameters of a template that is no specialisation."""
        self._next += 1
        if self._take().text != "<" or self._peek() == ">":
            raise UnfitError
        depth = 1
        while depth:
            token = self._take()
            if token.text in CLOSING:
                self._skip_until(CLOSING[token.text])
            elif token.text in _NO_DECLARATION:
                raise UnfitError
            depth += {"<": 1, ">": -1}.get(token.text, 0)
