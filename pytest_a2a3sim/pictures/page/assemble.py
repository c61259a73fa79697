"""Parts -> one file that shows them, without anything from elsewhere."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.reporting.artifacts import directory_name
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.record import CaseRecord

_HERE = Path(__file__).parent
_OURS = ("data.js", "charts.js", "graph.js", "case.js", "overview.js")
_BOKEH = ("bokeh.min.js", "bokeh-gl.min.js", "bokeh-api.min.js")
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:"
)


class Data(Protocol):
    """What is shown of each case, by the name of its directory."""

    def worst(self, name: str) -> dict[str, float | None]:
        """The largest error of each output of a case, in parts of what is allowed."""
        ...

    def data(self, name: str) -> str:
        """All else, as JSON."""
        ...


def find_bokeh() -> Path:
    """The directory of BokehJS, which Bokeh brings along.

    Raises:
        SettingsError: Bokeh is not installed.
    """
    found = importlib.util.find_spec("bokeh")
    if found is None or found.origin is None:
        raise SettingsError(
            "--sim-html: the page is drawn by Bokeh, which is not installed: "
            "`pip install 'pytest-a2a3sim[html]'`"
        )
    return Path(found.origin).parent / "server" / "static" / "js"


def write_page(
    path: Path,
    records: Sequence[CaseRecord],
    parts: Data,
    compared: Mapping[str, Any] | None,
) -> None:
    """Writes the page; what stands at ``path`` is replaced when all of it is written.

    Args:
        path: of the file.
        records: of the cases.
        parts: what is shown of each case.
        compared: what has changed since an earlier session.

    Raises:
        OSError: it cannot be written.
        SettingsError: Bokeh is not installed.
    """
    bokeh = find_bokeh()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    with unfinished.open("w", encoding="utf-8") as file:
        head = (_HERE / "page.html").read_text(encoding="utf-8")
        before, body = head.split("<!-- scripts -->")
        style = (_HERE / "page.css").read_text(encoding="utf-8")
        file.write(before.replace("/* style */", style).replace("POLICY", _POLICY))
        names = {record["nodeid"]: directory_name(record["nodeid"]) for record in records}
        session = {
            "version": __version__,
            "cases": list(records),
            "worst": {nodeid: parts.worst(name) for nodeid, name in names.items()},
            "compared": compared,
        }
        _data(file, "session", json.dumps(session))
        for index, name in enumerate(names.values()):
            _data(file, f"case-{index}", parts.data(name))
        for name in _BOKEH:
            _script(file, (bokeh / name).read_text(encoding="utf-8"))
        for name in _OURS:
            _script(file, (_HERE / name).read_text(encoding="utf-8"))
        file.write(body)
    unfinished.replace(path)


def _data(file: TextIO, name: str, text: str) -> None:
    safe = text.replace("<", "\\u003c")
    file.write(f'<script type="application/json" id="{name}">{safe}</script>\n')


def _script(file: TextIO, text: str) -> None:
    safe = text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    file.write(f"<script>{safe}</script>\n")
