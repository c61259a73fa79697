"""The Markdown pages of the project: their code blocks, links and headings.

HTML comments right above a code block, invisible on the page, say how its test runs it::

    <!-- run in: examples -->            the working directory, below the copy of the project
    <!-- run after: COMMAND -->          a shell command that prepares the copy
    <!-- run shows: COMMAND -->          the block, which has no ``$``, is what COMMAND prints
    <!-- run broken: NAME -->            the block is that directory's message (broken_dirs.py)
    <!-- run numbers: vary -->           measured values: only the text around them is compared
    <!-- run skip: REASON -->            the block is not run
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

CHECKOUT = Path(__file__).parents[2]

PAGES = (
    *(CHECKOUT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((CHECKOUT / "docs").glob("*.md")),
    *sorted((CHECKOUT / "examples").rglob("README.md")),
)

_OPTION = re.compile(r"<!-- run (?P<key>in|after|shows|broken|numbers|skip): (?P<value>.+?) -->")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    page: Path
    line: int
    language: str
    text: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Where it is, such as ``docs/usage.md:47``."""
        return f"{self.page.relative_to(CHECKOUT).as_posix()}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A shell command of a ``console`` block, what it reads, and what the page says it prints."""

    line: str
    stdin: str = ""
    output: str = ""


def tokens(page: Path) -> list[Token]:
    """What is on a page, tables included."""
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> Iterator[Block]:
    """The fenced code blocks of a page."""
    options: dict[str, str] = {}
    for token in tokens(page):
        if token.type == "html_block":
            options |= {found["key"]: found["value"] for found in _OPTION.finditer(token.content)}
        elif token.type == "fence":
            assert token.map is not None
            language = token.info.split(" ")[0]
            yield Block(page, token.map[0] + 1, language, token.content, options)
            options = {}
        else:
            assert not options, f"{page}: no code block follows the comment {options}"


def commands(block: Block) -> list[Command]:
    """The commands of a block; of a block without ``$``, the one that prints it."""
    if "shows" in block.options:
        return [Command(block.options["shows"], output=block.text)]
    found: list[Command] = []
    continued = False
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        elif continued:
            found[-1] = Command(found[-1].line + line)
        elif line.startswith(">>> "):
            last = found[-1]
            found[-1] = Command(last.line, last.stdin + line[4:], last.output)
        else:
            last = found[-1]
            found[-1] = Command(last.line, last.stdin, last.output + line)
        continued = line.endswith("\\\n")
    return found


def readme_commands() -> list[str]:
    """The commands of the README's shell blocks, in their order."""
    shells = [block.text for block in blocks(CHECKOUT / "README.md") if block.language == "sh"]
    return [line.partition("  #")[0].strip() for text in shells for line in text.splitlines()]


def links(page: Path) -> list[str]:
    """The targets of the links and images of a page."""
    inline = (child for token in tokens(page) for child in token.children or ())
    targets = (child.attrGet("href") or child.attrGet("src") for child in inline)
    return [str(target) for target in targets if target]


def anchors(page: Path) -> set[str]:
    """The anchors that forges give the headings of a page."""
    found = set()
    seen: Counter[str] = Counter()
    content = tokens(page)
    for opening, inline in itertools.pairwise(content):
        if opening.type == "heading_open":
            text = "".join(child.content for child in inline.children or ())
            slug = re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
    return found
