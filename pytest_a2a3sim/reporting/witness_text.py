"""What the two orders of a race do -> lines, and its part of the record. Computes nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.record import WitnessDifferenceRecord, WitnessRecord, WitnessRunRecord
    from pytest_a2a3sim.model.sanitizer import Finding
    from pytest_a2a3sim.model.witness import Witness, WitnessDifference, WitnessRun


def witness_texts(witness: Witness) -> Iterator[str]:
    """A headline, what differs, and each order with the options that execute it again."""
    yield f"  witness: {_headline(witness)}"
    yield from (f"    {_difference(each)}" for each in witness.differences)
    yield from (f"    {_run(each)}" for each in witness.runs)


def untried_texts(findings: Sequence[Finding]) -> Iterator[str]:
    """How many races were not run in either order, of a case where some were."""
    races = [each for each in findings if each.is_race_of_tasks and not each.consequence]
    tried = sum(each.witness is not None for each in races)
    if 0 < tried < len(races):
        untried = len(races) - tried
        yield (
            f"witness: {tried:,} of {len(races):,} races were run in either order, different "
            f"kernels first; {untried:,} {'was' if untried == 1 else 'were'} not"
        )


def _headline(witness: Witness) -> str:
    failed = sum(run.failure is not None for run in witness.runs)
    if not witness.repeated:
        return (
            "two runs in one and the same order end differently: a kernel is not deterministic, "
            "and what the order of the two does is unknown"
        )
    if failed == 1:
        return "one order of the two runs to its end, the other one does not"
    if failed:
        return "neither order of the two runs to its end"
    if witness.differences:
        return "the outputs depend on the order of the two"
    return (
        "either order leaves the same outputs, bit for bit: the race is real, but this input does "
        "not show it"
    )


def _difference(found: WitnessDifference) -> str:
    index = list(found.first) if found.first else ""
    return (
        f"{found.tensor} differs in {found.count:,} of {found.size:,} elements (largest difference "
        f"{found.largest:.6g}); the first is {found.tensor}{index}: {found.values[0]} and "
        f"{found.values[1]}"
    )


def _run(run: WitnessRun) -> str:
    first, second = run.schedule.tasks
    if run.failure is not None:
        ended = f"{run.failure}: {run.message}"
    elif run.mismatched:
        verb = "does" if len(run.mismatched) == 1 else "do"
        ended = f"{', '.join(run.mismatched)} {verb} not match the expected values"
    else:
        ended = "every output matches the expected values"
    again = f"--sim-schedule={run.schedule} --sim-threads=1"
    return f"task {first} before task {second}: {ended} ({again})"


def witness_record(witness: Witness | None) -> WitnessRecord | None:
    """The record of a witness; None of a finding that has none."""
    if witness is None:
        return None
    return {
        "shows": witness.shows,
        "repeated": witness.repeated,
        "runs": [_run_record(run) for run in witness.runs],
        "differences": [_difference_record(each) for each in witness.differences],
    }


def _run_record(run: WitnessRun) -> WitnessRunRecord:
    return {
        "schedule": str(run.schedule),
        "mismatched": list(run.mismatched),
        "failure": run.failure,
        "message": run.message,
    }


def _difference_record(found: WitnessDifference) -> WitnessDifferenceRecord:
    return {
        "tensor": found.tensor,
        "count": found.count,
        "size": found.size,
        "first": list(found.first),
        "values": list(found.values),
        "largest": found.largest if math.isfinite(found.largest) else "inf",
    }
