"""The files that a compiler read, from the Makefile rule that ``-MD`` writes."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\(?:\n|(.))|\$\$", re.DOTALL)
_WORD = re.compile(r"(?:\\[^\n]|\$\$|[^\s\\])+")


def dependencies(text: str) -> tuple[str, ...]:
    """The prerequisites of the first rule, in order, each once.

    Spaces, ``#`` and backslashes are escaped by a backslash in such a file, and ``$`` is doubled.
    """
    joined = text.replace("\\\n", " ")
    _, _, prerequisites = joined.partition(": ")
    first_rule = prerequisites.split("\n", 1)[0]
    words = (_unescape(word) for word in _WORD.findall(first_rule))
    return tuple(dict.fromkeys(words))


def _unescape(word: str) -> str:
    return _ESCAPED.sub(lambda match: match.group(1) or "$", word)
