"""What has changed since an earlier report, as the page shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.record import CaseRecord


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
