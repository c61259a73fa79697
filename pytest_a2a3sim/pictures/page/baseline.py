"""An earlier report of ``--sim-json``, and what has changed since."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_a2a3sim.model.record import CaseRecord

_NEXT = "write one with --sim-json=FILE"


def read_baseline(path: Path) -> dict[str, CaseRecord]:
    """The records of an earlier session by node id.

    Raises:
        SettingsError: the file cannot be read, or is no such report.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"--sim-baseline: the report cannot be read: {error.strerror}; {_NEXT}\n  {path}"
        ) from None
    except ValueError as error:
        raise SettingsError(
            f"--sim-baseline: this is no JSON: {error}; {_NEXT}\n  {path}"
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise SettingsError(f"--sim-baseline: this is no report of --sim-json; {_NEXT}\n  {path}")
    try:
        return {record["nodeid"]: record for record in document["cases"]}
    except (KeyError, TypeError):
        raise SettingsError(f"--sim-baseline: cases have no node id; {_NEXT}\n  {path}") from None


def changes(
    records: Sequence[CaseRecord], before: Mapping[str, CaseRecord]
) -> dict[str, dict[str, Any]]:
    """What has changed of each case, by node id; what is gone has None as its outcome."""
    found: dict[str, dict[str, Any]] = {}
    for record in records:
        earlier = before.get(record["nodeid"])
        if earlier is None:
            found[record["nodeid"]] = {"new": True, "outcome": None, "tensors": []}
            continue
        found[record["nodeid"]] = {
            "new": False,
            "outcome": [earlier["outcome"], record["outcome"]],
            "seconds": [earlier["seconds"], record["seconds"]],
            "execute": [earlier["phases"].get("execute"), record["phases"].get("execute")],
            "tensors": list(_tensors(record, earlier)),
        }
    return found


def gone(records: Sequence[CaseRecord], before: Mapping[str, CaseRecord]) -> list[str]:
    """Node ids that the earlier session has alone."""
    now = {record["nodeid"] for record in records}
    return [nodeid for nodeid in before if nodeid not in now]


def _tensors(record: CaseRecord, earlier: CaseRecord) -> list[dict[str, Any]]:
    before = {tensor["name"]: tensor for tensor in earlier["tensors"]}
    return [
        {
            "name": tensor["name"],
            "max_abs_error": [before[tensor["name"]]["max_abs_error"], tensor["max_abs_error"]],
            "matched": [before[tensor["name"]]["matched"], tensor["matched"]],
        }
        for tensor in record["tensors"]
        if tensor["name"] in before
    ]
