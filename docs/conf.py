"""How Sphinx makes a site of the Markdown pages beside it.

The pages are written for the forge: their links to files outside of ``docs/`` are relative. The
site holds none of those files, so such a link leads to the forge.
"""

from __future__ import annotations

from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.application import Sphinx

REPOSITORY = "https://github.com/pytest-a2a3sim/pytest-a2a3sim"
DOCS = Path(__file__).parent

project = "pytest-a2a3sim"
author = "the pytest-a2a3sim authors"
release = version = installed_version(project)

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
nitpicky = True

myst_heading_anchors = 3  # "#slug" links, as forges make them

html_theme = "furo"
html_title = f"{project} {release}"
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
}


def outside_file(link: nodes.Element, page: Path) -> Path | None:
    """The file outside of ``docs/`` that a link leads to, if it does.

    MyST makes a reference to a document of a link to a Markdown file, with an absolute path without
    suffix if the file is none of the site's, and a download of a link to any other file.
    """
    target = page.parent / link["reftarget"]
    if isinstance(link, addnodes.pending_xref):
        target = target.with_name(f"{target.name}.md")
    target = target.resolve()
    return None if target.is_relative_to(DOCS) or not target.exists() else target


def link_files_to_the_forge(app: Sphinx, doctree: nodes.document) -> None:
    """Lets links to the repository's files outside of ``docs/`` lead to the forge."""
    page = DOCS / app.env.docname
    links = [
        *doctree.findall(addnodes.download_reference),
        *(link for link in doctree.findall(addnodes.pending_xref) if link["refdomain"] == "doc"),
    ]
    for link in links:
        if target := outside_file(link, page):
            kind = "tree" if target.is_dir() else "blob"
            name = target.relative_to(DOCS.parent).as_posix()
            address = f"{REPOSITORY}/{kind}/main/{name}"
            link.replace_self(nodes.reference("", "", *link.children, refuri=address))


def setup(app: Sphinx) -> None:
    """Registers what this file adds to Sphinx."""
    app.connect("doctree-read", link_files_to_the_forge)
