"""Links between the project's pages lead somewhere, on a forge as in a checkout."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

from tests.docs.markdown_pages import CHECKOUT, PAGES, anchors, links

if TYPE_CHECKING:
    from pathlib import Path


def broken_links(page: Path) -> list[str]:
    """The relative links of a page that lead nowhere."""
    broken = []
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = page.parent / unquote(parts.path) if parts.path else page
        if not target.exists() or (
            parts.fragment and (target.suffix != ".md" or parts.fragment not in anchors(target))
        ):
            broken.append(link)
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT)))
def test_relative_links_and_anchors_resolve(page: Path) -> None:
    assert broken_links(page) == []


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A `heading`, twice\n\n"
        "[here](#a-heading-twice) [nowhere](#twice) [file](page.md#a-heading-twice)\n"
        "[no file](none.md) [no anchor](page.md#none) [elsewhere](https://example.com/none)\n\n"
        "| |\n|---|\n| [in a table](gone.md) |\n\n"
        "```\n[in code](code.md)\n```\n"
    )
    assert broken_links(page) == ["#twice", "none.md", "page.md#none", "gone.md"]
