"""Records -> what GitHub Actions shows: a Markdown summary, and annotations at source lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.summary import compared, counted, totals

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.record import CaseRecord, FailureRecord

_SHOWN_FAILURES = 50
_ICONS = {"passed": "✅", "failed": "❌", "skipped": "⏭️"}


def markdown_lines(records: Sequence[CaseRecord]) -> list[str]:
    """The summary of a session: totals, a table of what failed, and each failure's report."""
    sums = totals(records)
    failures = list(_failures(records))
    shown = failures[:_SHOWN_FAILURES]
    icon = _ICONS["failed" if failures else "passed"]
    lines = [
        f"## {icon} a2a3sim: {sums['passed']} of {counted(sums['cases'], 'case')} passed",
        "",
        f"{compared(sums)}.",
    ]
    if not failures:
        return [*lines, ""]
    lines += ["", "| case | failure | where |", "|---|---|---|"]
    lines += [
        f"| `{_cell(record['nodeid'])}` | {_cell(failure['kind'])} "
        f"| {_cell(_where(record, failure))} |"
        for record, failure in shown
    ]
    if len(failures) > _SHOWN_FAILURES:
        lines.append(f"| … and {len(failures) - _SHOWN_FAILURES} more | | |")
    lines.append("")
    for record, failure in shown:
        fence = "`" * (_longest_run(failure["message"]) + 1)
        lines += [
            f"<details><summary>{_escaped(record['nodeid'])}</summary>",
            "",
            f"{fence}text",
            *failure["message"].splitlines(),
            fence,
            "",
            "</details>",
            "",
        ]
    return lines


def annotation_lines(records: Sequence[CaseRecord]) -> list[str]:
    """One workflow command for each failure, at the line of the kernel that it names."""
    return [_annotation(record, failure) for record, failure in _failures(records)]


def _failures(records: Sequence[CaseRecord]) -> Iterator[tuple[CaseRecord, FailureRecord]]:
    for record in records:
        if record["failure"] is not None:
            yield record, record["failure"]


def _annotation(record: CaseRecord, failure: FailureRecord) -> str:
    place = {"file": failure["source"] or record["golden"]}
    if failure["line"] is not None:
        place["line"] = str(failure["line"])
    place["title"] = f"{failure['kind']}: {record['nodeid']}"
    parameters = ",".join(f"{key}={_parameter(value)}" for key, value in place.items())
    return f"::error {parameters}::{_data(_headline(record, failure))}"


def _headline(record: CaseRecord, failure: FailureRecord) -> str:
    """The first line of the message, and what the mismatches look like."""
    looks = [
        f"{tensor['name']}: {found['text']}"
        for tensor in record["tensors"]
        for found in tensor["diagnoses"]
    ]
    return "\n".join([*failure["message"].splitlines()[:1], *looks])


def _where(record: CaseRecord, failure: FailureRecord) -> str:
    if failure["kind"] == "mismatch":
        return ", ".join(
            f"{tensor['name']} {tensor['matched']}/{tensor['size']} matched"
            for tensor in record["tensors"]
            if tensor["status"] == "failed"
        )
    named = {"task": failure["task"], "kernel": failure["kernel"], "core": failure["core"]}
    parts = [f"{label} {value}" for label, value in named.items() if value is not None]
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
