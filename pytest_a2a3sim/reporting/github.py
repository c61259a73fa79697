"""Records -> what GitHub Actions shows: a Markdown summary, and annotations at source lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.summary import compared, counted, totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.reporting.record import Record

_SHOWN_FAILURES = 50
_ICONS = {"passed": "✅", "failed": "❌", "skipped": "⏭️"}


def markdown_lines(records: Sequence[Record]) -> list[str]:
    """The summary of a session: totals, a table of what failed, and each failure's report."""
    sums = totals(records)
    failed = [record for record in records if record["outcome"] == "failed"]
    icon = _ICONS["failed" if failed else "passed"]
    lines = [
        f"## {icon} a2a3sim: {sums.passed} of {counted(sums.cases, 'case')} passed",
        "",
        f"{compared(sums)}.",
    ]
    if not failed:
        return [*lines, ""]
    lines += ["", "| case | failure | where |", "|---|---|---|"]
    for record in failed[:_SHOWN_FAILURES]:
        failure = record["failure"]
        lines.append(
            f"| `{_cell(record['nodeid'])}` | {_cell(failure['kind'])} | {_cell(_where(record))} |"
        )
    if len(failed) > _SHOWN_FAILURES:
        lines.append(f"| … and {len(failed) - _SHOWN_FAILURES} more | | |")
    lines.append("")
    for record in failed[:_SHOWN_FAILURES]:
        message = str(record["failure"]["message"])
        fence = "`" * (_longest_run(message) + 1)
        lines += [
            f"<details><summary>{_escaped(record['nodeid'])}</summary>",
            "",
            f"{fence}text",
            *message.splitlines(),
            fence,
            "",
            "</details>",
            "",
        ]
    return lines


def annotation_lines(records: Sequence[Record]) -> list[str]:
    """One workflow command for each failure, at the line of the kernel that it names."""
    return [_annotation(record) for record in records if record["outcome"] == "failed"]


def _annotation(record: Record) -> str:
    failure = record["failure"]
    place = {"file": failure["source"] or record["golden"]}
    if failure["line"] is not None:
        place["line"] = failure["line"]
    place["title"] = f"{failure['kind']}: {record['nodeid']}"
    parameters = ",".join(f"{key}={_parameter(str(value))}" for key, value in place.items())
    return f"::error {parameters}::{_data(_headline(record))}"


def _headline(record: Record) -> str:
    """The first line of the message, and what the mismatches look like."""
    first = str(record["failure"]["message"]).splitlines()[0]
    looks = [
        f"{tensor['name']}: {found['text']}"
        for tensor in record["tensors"]
        for found in tensor["diagnoses"]
    ]
    return "\n".join([first, *looks])


def _where(record: Record) -> str:
    failure = record["failure"]
    if failure["kind"] == "mismatch":
        return ", ".join(
            f"{tensor['name']} {tensor['matched']}/{tensor['size']} matched"
            for tensor in record["tensors"]
            if tensor["status"] == "failed"
        )
    parts = [
        f"{label} {failure[name]}"
        for label, name in (("task", "task"), ("kernel", "kernel"), ("core", "core"))
        if failure[name] is not None
    ]
    if failure["source"] is not None:
        line = "" if failure["line"] is None else f":{failure['line']}"
        parts.append(f"{failure['source']}{line}")
    return ", ".join(parts)


def _cell(text: str) -> str:
    return _escaped(text).replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _longest_run(text: str) -> int:
    """Length of the longest run of backticks, at least 2: a fence must be longer."""
    longest = 2
    while "`" * (longest + 1) in text:
        longest += 1
    return longest


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _parameter(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
