"""Records of cases -> the document of ``--sim-json``."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.reporting.summary import totals
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_a2a3sim.model.record import CaseRecord, CollectionErrorRecord, SessionRecord

SCHEMA = 1
"""Version of the document's form: raised when a field goes or changes its meaning."""


@frozen
class Session:
    """What is said about a whole session.

    Attributes:
        started: seconds since the epoch.
        seconds: that the session took.
        exit_status: pytest's.
        collection_errors: ``nodeid`` and ``message`` of golden directories that have no cases
            because they could not be read.
    """

    started: float
    seconds: float
    exit_status: int
    collection_errors: Sequence[CollectionErrorRecord] = ()


def document(records: Sequence[CaseRecord], session: Session) -> SessionRecord:
    """The document; cases are ordered by their node ids."""
    return {
        "schema": SCHEMA,
        "version": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "started": session.started,
        "seconds": session.seconds,
        "exit_status": session.exit_status,
        "totals": totals(records),
        "cases": sorted(records, key=lambda record: record["nodeid"]),
        "collection_errors": sorted(session.collection_errors, key=lambda error: error["nodeid"]),
    }


def write(path: Path, content: SessionRecord) -> None:
    """Writes the document, as a whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        file.write(text)
    os.chmod(file.name, 0o644)  # noqa: PTH101 - as open() would have made it
    os.replace(file.name, path)  # noqa: PTH105 - atomic
