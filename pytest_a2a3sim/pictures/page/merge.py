"""Pages of the parts of a run -> one page: what they show is in them, as data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.pictures.page.assemble import write_page
from pytest_a2a3sim.reporting.artifacts import directory_name
from pytest_a2a3sim.reporting.merge import cases_of_parts, written
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DATA = re.compile(r'<script type="application/json" id="([\w-]+)">(.*)</script>\n')


class _Page:
    """What a page has.

    Args:
        path: of its file.

    Raises:
        SettingsError: it cannot be read, or is no page of this version.
    """

    def __init__(self, path: Path) -> None:
        self._data: dict[str, str] = {}
        try:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    if found := _DATA.fullmatch(line):
                        self._data[found[1]] = found[2]
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"{path} cannot be read: {reason}") from None
        try:
            self.session: dict[str, Any] = json.loads(self._data["session"])
            self.cases = self.session["cases"]
            self.data = {
                directory_name(case["nodeid"]): self._data[f"case-{index}"]
                for index, case in enumerate(self.cases)
            }
            self.worst = {
                directory_name(nodeid): worst for nodeid, worst in self.session["worst"].items()
            }
            self.compared: dict[str, Any] | None = self.session["compared"]
            version = self.session["version"]
        except (AttributeError, KeyError, TypeError, ValueError):
            raise SettingsError(f"{path} is no page of --sim-html") from None
        if version != __version__:
            raise SettingsError(
                f"{path} is a page of pytest-a2a3sim {version}; this is {__version__}\n"
                "Merge pages with the version that has written them."
            )


class _Merged:
    """What several pages have of their cases, by the name of a case's directory."""

    def __init__(self, pages: Sequence[_Page]) -> None:
        self._data = {name: data for page in pages for name, data in page.data.items()}
        self._worst = {name: worst for page in pages for name, worst in page.worst.items()}

    def worst(self, name: str) -> dict[str, float | None]:
        """The largest error of each output of a case, in parts of what is allowed."""
        found: dict[str, float | None] = self._worst[name]
        return found

    def data(self, name: str) -> str:
        """All else, as JSON."""
        return self._data[name]


def merge_pages(parts: Sequence[Path], output: Path) -> int:
    """Writes one page of several; returns how many cases it has.

    Raises:
        SettingsError: one cannot be read, is no page, or has a case of another one.
    """
    pages = [_Page(path) for path in parts]
    records = cases_of_parts((path, page.cases) for path, page in zip(parts, pages, strict=True))
    written(output, lambda: write_page(output, records, _Merged(pages), _compared(pages)))
    return len(records)


def _compared(pages: Sequence[_Page]) -> dict[str, Any] | None:
    """What has changed since the baseline, if each part was compared; gone is what all lack."""
    known = [page.compared for page in pages if page.compared is not None]
    if len(known) < len(pages):
        return None
    gone = set.intersection(*(set(each["gone"]) for each in known))
    return {
        "cases": {nodeid: what for each in known for nodeid, what in each["cases"].items()},
        "gone": [nodeid for nodeid in known[0]["gone"] if nodeid in gone],
    }
