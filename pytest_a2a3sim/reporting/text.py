"""Results -> lines that say what each part of them is. Computes nothing, prints nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.lines import Line, Span, line
from pytest_a2a3sim.reporting.distances import (
    distances_text,
    element,
    histogram_lines,
    largest_lines,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.diff import (
        Census,
        HeatStrip,
        OrderDifference,
        TensorDiff,
    )
    from pytest_a2a3sim.model.lines import Style
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.values import Threads

HEAT = " .:-=+*#%@"
"""From no mismatch in a column of the heat strip to nothing but mismatches."""

_DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}
_DIGITS_FLOAT8 = 3
_MOST_INPUTS = 12
_STORED = ("  expected values were stored earlier; --sim-rebuild computes them again",)


def comparing_line(diff: TensorDiff) -> str:
    """``Comparing out: shape=(4096,), dtype=float32``."""
    return f"Comparing {diff.name}: shape={diff.shape}, dtype={diff.dtype}"


def verdict_line(diff: TensorDiff) -> str:
    """``out: PASS (4096/4096 elements matched)``."""
    verdict = "PASS" if diff.passed else "FAIL"
    left_out = f", {diff.left_out} left out {diff.why_left_out}" if diff.left_out else ""
    return (
        f"{diff.name}: {verdict} ({diff.matched}/{diff.size} elements matched"
        f"{_budget_text(diff)}{left_out})"
    )


def _budget_text(diff: TensorDiff) -> str:
    wrong = diff.size - diff.matched
    if diff.tolerance.budget is None or not wrong:
        return ""
    if diff.beyond_budget:
        return f", {diff.beyond_budget} beyond MISMATCH_BUDGET"
    if diff.passed:
        return f", {wrong} within MISMATCH_BUDGET"
    return f", MISMATCH_BUDGET allows {diff.allowed_mismatches} others"


def tensor_line(diff: TensorDiff) -> str:
    """The verdict with the largest errors, for ``-vv``."""
    return verdict_line(diff) + (distances_text(diff) if diff.differing else "")


def mismatch_lines(
    result: CaseResult, inputs: CaseInputs, matching_order: Schedule | None = None
) -> tuple[Line, ...]:
    """The whole story of a case whose outputs do not match: every tensor, good or bad.

    Args:
        result: of the case.
        inputs: what it worked on.
        matching_order: another order of execution in which every output matches.
    """
    wrong = [diff for diff in result.diffs if not diff.passed]
    names = ", ".join(diff.name for diff in wrong)
    lines = [
        line(
            f"{len(wrong)} of {len(result.diffs)} output tensors do not match: {names}", "headline"
        ),
        *where_lines(result, inputs),
    ]
    if matching_order is not None:
        lines += [
            line(
                f"  in the order {matching_order} every output matches "
                f"(--sim-schedule={matching_order} --sim-threads=1):",
                "diagnosis",
            ),
            line("  the outputs depend on the order of tasks that the graph does not order"),
        ]
    for diff in result.diffs:
        lines += [line(""), *diff_lines(diff)]
    for finding in result.findings:
        lines += [line(""), line(f"note: {finding}")]
    return tuple(lines)


def where_lines(result: CaseResult, inputs: CaseInputs | None = None) -> list[Line]:
    """Which case it is, and how to run it again."""
    tasks = f"{result.graph.tasks} task{'' if result.graph.tasks == 1 else 's'}"
    repeat = [] if result.schedule is None else result.schedule.repeat_lines
    return [
        line(f"  case {result.case!r}, {tasks}"),
        line(f"  in {result.golden}"),
        *(line(f"  {note}") for note in result.notes),
        *map(line, _STORED if result.facts.golden_cache == "found" else ()),
        *map(line, () if inputs is None else _input_lines(inputs)),
        *(line(f"  {how}") for how in repeat),
    ]


def order_text(differences: Sequence[OrderDifference], threads: Threads = 1) -> str:
    """Outputs that depend on the order of tasks, how to see each, and what to do.

    Args:
        differences: between two orders.
        threads: that executed the first of them, which is another one each time if they are
            several.
    """
    names = ", ".join(difference.tensor for difference in differences)
    lines = [
        f"the outputs depend on the order of tasks that the graph does not order: {names}"
        if threads == 1
        else f"several threads leave other outputs than one does: {names}"
    ]
    for each in differences:
        one, other = map(str, each.orders)
        if threads != 1:
            one, other = f"{one} on several threads", f"{other} on one"
        index = list(each.first) if each.first else ""
        lines.append(
            f"  {each.tensor}: {each.count:,} of {each.size:,} elements differ between the orders "
            f"{one} and {other}; the first is {each.tensor}{index}: {each.values[0]} and "
            f"{each.values[1]}"
        )
    if threads != 1:
        order = differences[0].orders[0]
        again = f"--sim-schedule={order} --sim-threads={threads}"
        lines.append(f"  {again} executes it again, in an order that the threads come to")
    lines += [
        f"  {order}: --sim-schedule={order} --sim-threads=1 executes it again"
        for order in dict.fromkeys(differences[0].orders)
    ]
    if threads != 1:
        lines.append("Tasks share memory that nothing orders, or a kernel is not deterministic.")
    lines.append(
        "Have tasks wait for those whose memory they share, or give them memory of their own."
    )
    return "\n".join(lines)


def _input_lines(inputs: CaseInputs) -> Iterator[str]:
    """``  inputs: x int64 (1000,), w float16 (64, 64)``: a kernel may read them as another type."""
    tensors = [tensor for name, tensor in inputs.tensors.items() if name not in inputs.outputs]
    named = [f"{tensor.name} {tensor.dtype} {tensor.shape}" for tensor in tensors[:_MOST_INPUTS]]
    hidden = len(tensors) - len(named)
    if named:
        yield f"  inputs: {', '.join(named)}" + (f", and {hidden} more" if hidden else "")


def diff_lines(diff: TensorDiff) -> list[Line]:
    """One tensor: verdict, diagnoses, largest errors, histograms, where, first mismatches."""
    tolerance = diff.tolerance
    lines = [
        line(verdict_line(diff), "passed" if diff.passed else "failed"),
        line(
            f"  shape={diff.shape}, dtype={diff.dtype}, "
            f"rtol={tolerance.rtol:g}, atol={tolerance.atol:g}"
            f"{'' if tolerance.equal_nan else ', NaN matches nothing'}"
        ),
        *(line(f"  => {diagnosis.text}", "diagnosis") for diagnosis in diff.diagnoses),
        *map(line, largest_lines(diff)),
    ]
    if diff.passed:
        return lines
    lines += map(line, _census_lines(diff))
    lines += map(line, histogram_lines(diff))
    if diff.heat is not None:
        lines += heat_lines(diff.heat)
    return [*lines, *map(line, _mismatch_table(diff))]


def _census_lines(diff: TensorDiff) -> Iterator[str]:
    actual, expected = _census(diff.actual_census), _census(diff.expected_census)
    if actual != expected:
        yield f"  not finite: actual has {actual}, expected has {expected}"


def _census(census: Census) -> str:
    counts = (
        (census.nan, "NaN"),
        (census.positive_infinity, "inf"),
        (census.negative_infinity, "-inf"),
    )
    return ", ".join(f"{count} {name}" for count, name in counts if count) or "none"


def heat_lines(heat: HeatStrip) -> list[Line]:
    """The strip that shows where mismatches are, and what its columns are."""
    axes = "axis" if len(heat.axes) == 1 else "axes"
    column = "1 index" if heat.cells == 1 else f"{heat.cells} indices"
    named = ", ".join(map(str, heat.axes))
    cells = (_heat_cell(share) for share in heat.shares)
    runs = (Span("".join(run), style) for style, run in itertools.groupby(cells, key=_heat_style))
    return [
        line(f"  share of mismatches along {axes} {named}, {column} a column:"),
        Line((Span("  |"), *runs, Span("|"))),
    ]


def _heat_cell(share: float) -> str:
    if share == 0:
        return HEAT[0]
    return HEAT[min(1 + int(share * (len(HEAT) - 2)), len(HEAT) - 1)]


def _heat_style(cell: str) -> Style:
    heat = HEAT.index(cell)
    if heat == 0:
        return "plain"
    return "warm" if heat <= len(HEAT) // 2 else "hot"


def _mismatch_table(diff: TensorDiff) -> list[str]:
    rows = [
        (
            element(diff, row.index),
            _value(row.actual, diff.dtype)
            + (f" (byte {row.byte})" if row.byte is not None else ""),
            _value(row.expected, diff.dtype),
            number(row.difference),
            number(row.allowed),
        )
        for row in diff.mismatches
    ]
    grid = table(("element", "actual", "expected", "difference", "allowed"), rows)
    lines = ["  first mismatches:", *(f"  {row}" for row in grid)]
    hidden = diff.size - diff.matched - len(rows)
    return [*lines, f"  ... and {hidden} more"] if hidden else lines


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Right-aligned columns."""
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (header, *rows)
    ]


def _value(value: Any, dtype: str) -> str:
    if value.dtype.kind == "f":
        return f"{float(value):.{_DIGITS.get(dtype, _DIGITS_FLOAT8)}g}"
    return str(value)
