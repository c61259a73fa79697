"""Whether a command printed what a page says: doctest's ``...``, and figures that vary."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from doctest import ELLIPSIS, OutputChecker

# A measured value: its digits, its unit, and what depends on its width.
_NUMBER = re.compile(
    r"(?<![A-Za-z_])[+-]?(?:0x[0-9a-f]+|\b[0-9a-f]{64}\b|\d[\d,]*(?:\.\d+)*)"
    r"(?:e[+-]?\d+)?(?: ?(?:[KMG]iB|B|ns|us|ms|s|%)(?![\w]))?"
)
# What a build of more than three seconds puts behind a node id, where a machine is busy.
_LONG_BUILD = re.compile(r" *\n(?:a2a3sim: (?:gw\d+ )?compiled \d+ of \d+ sources, waiting .*\n)+")
_RULE = re.compile(r"([=_-])\1{2,}")


def plain(text: str) -> list[str]:
    """The lines of a text, whose rules and columns fit the terminal and their contents."""
    fitted = _RULE.sub(r"\1\1\1", text)
    lines = (" ".join(line.split()) for line in fitted.splitlines())
    return [line for line in lines if line]


def difference(expected: str, actual: str, *, numbers_vary: bool = False) -> str | None:
    """What is wrong with a command's output, or None.

    ``...`` on a line of its own stands for any lines, elsewhere for any text. With
    ``numbers_vary`` figures are not compared, and lines may change places among each other,
    since tables are sorted by what was measured.
    """
    if not _LONG_BUILD.search(expected):
        actual = _LONG_BUILD.sub(" ", actual)
    wanted, got = plain(expected), plain(actual)
    if numbers_vary:
        wanted, got = ([_NUMBER.sub("#", line) for line in lines] for lines in (wanted, got))
        matches = _has_lines(wanted, got)
    else:
        want, have = ("".join(f"{line}\n" for line in lines) for lines in (wanted, got))
        matches = OutputChecker().check_output(want, have, ELLIPSIS)
    return None if matches else "\n".join(difflib.ndiff(wanted, got))


def _has_lines(wanted: list[str], got: list[str]) -> bool:
    """Whether each wanted line is there as often as it is wanted, and nothing else."""
    rest = Counter(got)
    for line in wanted:
        pattern = re.compile(".*".join(map(re.escape, line.split("..."))))
        found = next((have for have, n in rest.items() if n and pattern.fullmatch(have)), None)
        if line != "..." and found is None:
            return False
        if line != "..." and found is not None:
            rest[found] -= 1
    return "..." in wanted or not rest.total()
