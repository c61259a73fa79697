"""Records of findings -> annotations at the lines of the kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from pytest_a2a3sim.model.record import FindingRecord, SourceRecord

_MOST_ANNOTATED = 10  # of a case; GitHub shows no more errors than that of a step


@frozen
class Annotation:
    """What stands at a line of a file, or at the file."""

    file: str
    line: int | None
    title: str
    text: str


def finding_annotations(
    findings: Sequence[FindingRecord], golden: str, title: str
) -> list[Annotation]:
    """One for each of the first kinds of findings, consequences last, at each line that it names.

    Args:
        findings: of a case.
        golden: where a finding without a known line stands.
        title: of each annotation.
    """
    groups: dict[Hashable, list[FindingRecord]] = {}
    for finding in sorted(findings, key=lambda finding: finding["consequence"]):
        groups.setdefault(_kind(finding), []).append(finding)
    return [
        Annotation(file, line, title, text)
        for group in list(groups.values())[:_MOST_ANNOTATED]
        for text in [_text(group)]
        for file, line in dict.fromkeys(map(_place, filter(None, group[0]["sources"])))
        or [(golden, None)]
    ]


def finding_title(finding: FindingRecord) -> str:
    """``racecheck RAW: task 3 (QK) and task 7 (SF)``."""
    tasks = zip(finding["tasks"], finding["kernels"], strict=True)
    named = " and ".join(f"task {task} ({kernel})" for task, kernel in tasks)
    if finding["instructions"]:
        named = f"{' and '.join(finding['instructions'])} in {named}"
    return f"{finding['check']} {finding['kind']}: {named}"


def _text(group: Sequence[FindingRecord]) -> str:
    """What the first of a kind says, and how many more there are."""
    finding = group[0]
    lines = [f"{finding_title(finding)}, {_bytes(finding)}"]
    if finding["mend"]:
        lines.append(finding["mend"])
    if finding["consequence"]:
        lines.append("possibly a consequence of another finding")
    if len(group) > 1:
        lines.append(f"and {len(group) - 1:,} more like it")
    return "\n".join(lines)


def _bytes(finding: FindingRecord) -> str:
    count = counted(finding["bytes"], "byte")
    if finding["instructions"]:
        pipes = f"pipes {' and '.join(finding['pipes'])}"
        return f"{count} of {finding['space']}, {pipes}" if finding["bytes"] else pipes
    tensor = "" if finding["tensor"] is None else f" of {finding['tensor']}"
    if finding["buffer"] is None:
        return f"{count}{tensor}"
    where = f"device buffer #{finding['buffer']}, from byte {finding['offset']:,} on"
    return f"{count}{tensor} ({where})"


def _kind(finding: FindingRecord) -> Hashable:
    places = tuple(source and _place(source) for source in finding["sources"])
    return finding["check"], finding["kind"], tuple(finding["kernels"]), places, finding["tensor"]


def _place(source: SourceRecord) -> tuple[str, int | None]:
    return source["file"], source["line"]
