"""Our lines in the report of pytest-html, where it is installed and asked for."""

from __future__ import annotations

import html
import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_a2a3sim.plugin.page import page_path

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_a2a3sim.model.result import CaseResult


def attach_lines(item: pytest.Item, report: pytest.TestReport, result: CaseResult | None) -> None:
    """Adds a line a tensor, the strip that shows where its errors are, and a link to our page."""
    target = item.config.option.htmlpath
    if not item.config.pluginmanager.hasplugin("html"):
        return
    lines = [] if result is None else _lines(result)
    content = f"<pre>{html.escape(chr(10).join(lines))}</pre>" if lines else ""
    if (path := page_path(item.config)) is not None:
        link = _link(path, item.config.invocation_params.dir / target, item.nodeid)
        content += f'<a class="a2a3sim" href="{html.escape(link)}">errors, times, graph</a>'
    if content:
        nothing = dict.fromkeys(("name", "mime_type", "extension"))
        extra = {**nothing, "format_type": "html", "content": content}
        report.extras = [*getattr(report, "extras", []), extra]  # type: ignore[attr-defined]


def _lines(result: CaseResult) -> list[str]:
    from pytest_a2a3sim.reporting.text import heat_lines, tensor_line  # noqa: PLC0415 - needs NumPy

    lines = []
    for diff in result.diffs:
        lines.append(tensor_line(diff))
        if diff.heat is not None:
            lines += map(str, heat_lines(diff.heat))
    return lines


def _link(to: Path, source: Path, nodeid: str) -> str:
    relative = os.path.relpath(to, source.parent)
    return f"{quote(relative)}#case={quote(nodeid, safe='')}"
