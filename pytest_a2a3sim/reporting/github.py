"""Records -> what GitHub Actions shows: a Markdown summary, and annotations at source lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.sanitizer_annotations import (
    Annotation,
    finding_annotations,
    finding_title,
)
from pytest_a2a3sim.reporting.sanitizer_summary import sanitizer_lines
from pytest_a2a3sim.reporting.summary import compared, totals
from pytest_a2a3sim.reporting.units import counted

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
        *(f"{line}." for line in sanitizer_lines(records)),
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
    """A workflow command for each failure, and for each finding of the sanitizer in its stead.

    Each stands at the line of the kernel that it names.
    """
    return [
        _command(annotation)
        for record, failure in _failures(records)
        for annotation in _annotations(record, failure)
    ]


def _failures(records: Sequence[CaseRecord]) -> Iterator[tuple[CaseRecord, FailureRecord]]:
    for record in records:
        if record["failure"] is not None:
            yield record, record["failure"]


def _annotations(record: CaseRecord, failure: FailureRecord) -> list[Annotation]:
    title = f"{failure['kind']}: {record['nodeid']}"
    if failure["kind"] == "sanitizer" and record["sanitizer"] is not None:
        return finding_annotations(record["sanitizer"]["findings"], record["golden"], title)
    file = failure["source"] or record["golden"]
    return [Annotation(file, failure["line"], title, _headline(record, failure))]


def _command(annotation: Annotation) -> str:
    place = {"file": annotation.file}
    if annotation.line is not None:
        place["line"] = str(annotation.line)
    place["title"] = annotation.title
    parameters = ",".join(f"{key}={_parameter(value)}" for key, value in place.items())
    return f"::error {parameters}::{_data(annotation.text)}"


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
    if failure["kind"] == "sanitizer" and record["sanitizer"] is not None:
        return ", ".join(finding_title(each) for each in record["sanitizer"]["findings"][:1])
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
