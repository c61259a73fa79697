"""Results -> lines of text. Computes nothing, prints nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.schedule import repeat_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.compare import TensorDiff
    from pytest_a2a3sim.result import CaseResult


def comparing_line(diff: TensorDiff) -> str:
    """``Comparing out: shape=(4096,), dtype=float32``."""
    return f"Comparing {diff.name}: shape={diff.shape}, dtype={diff.dtype}"


def verdict_line(diff: TensorDiff) -> str:
    """``out: PASS (4096/4096 elements matched)``."""
    verdict = "PASS" if diff.passed else "FAIL"
    return f"{diff.name}: {verdict} ({diff.matched}/{diff.size} elements matched)"


def mismatch_lines(result: CaseResult) -> list[str]:
    """The whole story of a case whose outputs do not match: every tensor, good or bad."""
    wrong = [diff for diff in result.diffs if not diff.passed]
    names = ", ".join(diff.name for diff in wrong)
    lines = [
        f"{len(wrong)} of {len(result.diffs)} output tensors do not match: {names}",
        f"  case {result.case!r}, {result.graph.tasks} tasks",
        f"  in {result.golden}",
        *(f"  {line}" for line in repeat_lines(result.schedule)),
    ]
    for diff in result.diffs:
        lines += ["", *diff_lines(diff)]
    return [*lines, *(f"\nnote: {finding}" for finding in result.findings)]


def diff_lines(diff: TensorDiff) -> list[str]:
    """One tensor: verdict, tolerance, largest errors, first mismatches."""
    tolerance = diff.tolerance
    lines = [
        verdict_line(diff),
        (
            f"  shape={diff.shape}, dtype={diff.dtype}, "
            f"rtol={tolerance.rtol:g}, atol={tolerance.atol:g}"
        ),
    ]
    for label, error, index in (
        ("absolute", diff.max_abs_error, diff.max_abs_index),
        ("relative", diff.max_rel_error, diff.max_rel_index),
    ):
        if index is not None:
            lines.append(f"  largest {label} error {_number(error)} at {list(index)}")
    lines += [f"  {diagnosis.text}" for diagnosis in diff.diagnoses]
    if diff.mismatches:
        rows = [
            (
                str(list(row.index)),
                _value(row.actual),
                _value(row.expected),
                _number(row.difference),
                _number(row.allowed),
            )
            for row in diff.mismatches
        ]
        grid = table(("index", "actual", "expected", "difference", "allowed"), rows)
        lines += [f"  {line}" for line in grid]
        hidden = diff.size - diff.matched - len(rows)
        if hidden:
            lines.append(f"  ... and {hidden} more")
    return lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Right-aligned columns."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]


def _number(value: float) -> str:
    return f"{value:.6g}"


def _value(value: Any) -> str:
    if isinstance(value, np.floating):
        digits = {2: 5, 4: 9}.get(value.itemsize, 17)
        return f"{float(value):.{digits}g}"
    return str(value)
