"""Records of the sanitizer's findings -> the source lines around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.lines import byte_count

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.record import CaseRecord, SourceRecord

_AROUND = 3
_MOST = 50


def finding_data(record: CaseRecord, root: Path) -> list[dict[str, Any]]:
    """Each finding with its sources, and what its core did."""
    sanitizer = record["sanitizer"]
    if sanitizer is None:
        return []
    return [
        {
            "title": f"{each['check']}: {each['kind']} of {' and '.join(_tasks(each))}",
            "about": _about(each),
            "sources": [_excerpt(source, root) for source in each["sources"] if source is not None],
            "stream": each["stream"],
        }
        for each in sanitizer["findings"][:_MOST]
    ]


def _tasks(finding: Any) -> list[str]:
    return [
        f"task {task} ({kernel})"
        for task, kernel in zip(finding["tasks"], finding["kernels"], strict=False)
    ]


def _about(finding: Any) -> str:
    parts = [byte_count(finding["bytes"])] if finding["bytes"] else []
    if finding["buffer"] is not None:
        parts.append(f"device buffer #{finding['buffer']}")
    if finding["tensor"]:
        parts.append(f"tensor {finding['tensor']}")
    if finding["space"]:
        parts.append(f"in {finding['space']}")
    if finding["edge"]:
        parts.append("missing edge: task {} -> task {}".format(*finding["edge"]))
    return ", ".join(parts)


def _excerpt(source: SourceRecord, root: Path) -> dict[str, Any]:
    line = source["line"]
    found: dict[str, Any] = {"file": source["file"], "line": line, "lines": []}
    if line is None:
        return found
    try:
        text = (root / source["file"]).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return found
    first = max(line - _AROUND, 1)
    found["lines"] = [
        [number, text[number - 1]] for number in range(first, min(line + _AROUND, len(text)) + 1)
    ]
    return found
