"""A mismatch -> one line: what does not match, how much of it, and why if that is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.distances import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_a2a3sim.model.diff import TensorDiff, Unwritten, UnwrittenKind, UnwrittenRead
    from pytest_a2a3sim.model.intermediate import Intermediate
    from pytest_a2a3sim.model.schedule import Schedule

PLACES = frozenset({"tail", "confined", "periodic"})
"""Kinds of diagnoses that say where mismatches are."""

_UNWRITTEN: Mapping[UnwrittenKind, str] = {
    "written": "never written",
    "copied back": "never copied back",
    "copied": "device memory that nobody wrote",
}


def mismatch_summary(
    diffs: Sequence[TensorDiff],
    unwritten: Sequence[Unwritten] = (),
    read: UnwrittenRead | None = None,
    matching_order: Schedule | None = None,
) -> str:
    """``out_y 2/256: constant factor 0.25``, one after the other where there are several.

    Args:
        diffs: the comparison of each output.
        unwritten: elements that nobody wrote.
        read: device memory that outputs depend on although nobody wrote it.
        matching_order: another order of execution in which every output matches.
    """
    return "; ".join(_parts(diffs, unwritten, read, matching_order))


def _parts(
    diffs: Sequence[TensorDiff],
    unwritten: Sequence[Unwritten],
    read: UnwrittenRead | None,
    matching_order: Schedule | None,
) -> Iterator[str]:
    of_tensor = {each.tensor: each for each in reversed(unwritten)}
    depends = {} if read is None else {each.tensor: read.use.buffer for each in read.changed}
    for diff in diffs:
        wrong = diff.size - diff.matched
        found = of_tensor.get(diff.name)
        if found is not None and (diff.passed or wrong <= found.count):
            yield f"{diff.name} {found.count}/{diff.size}: {_UNWRITTEN[found.what]}"
            continue
        if diff.passed:
            continue
        if found is not None:
            why = f"{found.count} {_UNWRITTEN[found.what]}"
        elif matching_order is not None:
            why = f"right in the order {matching_order}"
        elif diff.name in depends:
            why = f"depends on device memory that nobody wrote, buffer #{depends[diff.name]}"
        else:
            why = _why(diff)
        yield f"{diff.name} {wrong}/{diff.size}: {why}"


def intermediate_summary(first: Intermediate, outputs: str) -> str:
    """``task 1 (ADDS): scores 16/64: zero``, and then what is wrong with the outputs."""
    diff = first.diff
    wrong = f"{diff.name} {diff.size - diff.matched}/{diff.size}: {_why(diff)}"
    task = f"task {first.task} ({first.kernel}): {wrong}"
    return f"{task}; {outputs}" if outputs else task


def _why(diff: TensorDiff) -> str:
    """What is wrong and where, in a few words; else the largest error."""
    what = [each.brief for each in diff.diagnoses if each.kind not in PLACES]
    where = [each.brief for each in diff.diagnoses if each.kind in PLACES]
    if not what:
        error, nans = diff.max_abs_error, diff.actual_census.nan
        if math.isfinite(error):
            what.append(f"largest error {number(error)}")
        else:
            what.append(f"{nans} NaN" if nans else "an infinite error")
    return " ".join([", ".join(what), *where])
