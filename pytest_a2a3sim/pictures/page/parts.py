"""What a page has of a case, kept as a file until the session ends: workers write, one reads."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.pictures.page.findings import finding_data
from pytest_a2a3sim.pictures.page.graph import graph_data
from pytest_a2a3sim.pictures.page.report import report_data
from pytest_a2a3sim.pictures.page.tensors import tensor_data
from pytest_a2a3sim.pictures.page.timeline import timeline_data

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.record import CaseRecord
    from pytest_a2a3sim.model.result import Attempt


class Parts:
    """The parts of a page, beside it.

    Args:
        page: the page's path.
    """

    def __init__(self, page: Path) -> None:
        self._directory = page.with_name(f".{page.name}.parts")

    def write(self, name: str, record: CaseRecord, attempt: Attempt, root: Path) -> None:
        """Keeps what the page shows of a case, under a name that is the case's alone.

        Raises:
            OSError: it cannot be written.
        """
        result = attempt.result
        data: dict[str, Any] = {
            "report": report_data(record, attempt),
            "findings": finding_data(record, root),
        }
        worst = {}
        if result is not None:
            data |= {
                "tensors": tensor_data(result),
                "timeline": timeline_data(result),
                "graph": graph_data(result),
            }
            worst = {tensor["name"]: tensor["worst"] for tensor in data["tensors"]}
        self._directory.mkdir(parents=True, exist_ok=True)
        lines = (json.dumps(each, allow_nan=False, separators=(",", ":")) for each in (worst, data))
        (self._directory / f"{name}.json").write_text("\n".join(lines), encoding="utf-8")

    def worst(self, name: str) -> dict[str, float | None]:
        """The largest error of each output of a case, in parts of what is allowed."""
        found: dict[str, float | None] = json.loads(self._lines(name)[0])
        return found

    def data(self, name: str) -> str:
        """All else, as JSON."""
        return self._lines(name)[1]

    def _lines(self, name: str) -> list[str]:
        try:
            text = (self._directory / f"{name}.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return ["{}", "{}"]
        return text.split("\n")

    def remove(self) -> None:
        """Deletes all of them."""
        shutil.rmtree(self._directory, ignore_errors=True)
