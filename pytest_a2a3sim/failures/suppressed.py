"""What suppressions leave out of what the engine has found, and what that makes of the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.consequences import ordered_by_others
from pytest_a2a3sim.model.sanitizer import Suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.recording import Recording
    from pytest_a2a3sim.model.sanitized import RawFinding
    from pytest_a2a3sim.model.sanitizer import Suppression


def applicable(
    suppressions: Iterable[Suppression],
    checks: Collection[Check],
    kernels: Collection[str],
    tensors: Collection[str],
) -> list[Suppression]:
    """Those that could leave out a finding of a case.

    Those of the session may be about kernels and tensors of other directories.

    Args:
        suppressions: of kernel_config.py and of the session.
        checks: that were made.
        kernels: names of the case's kernels.
        tensors: names of its host tensors.
    """
    return [
        each
        for each in suppressions
        if (each.check is None or each.check in checks)
        and set(each.kernels) <= set(kernels)
        and (each.tensor is None or each.path is not None or each.tensor in tensors)
    ]


def leave_out(
    found: Sequence[RawFinding],
    suppressions: Sequence[Suppression],
    kernel_of: Callable[[int], str],
    recording: Recording,
) -> tuple[list[RawFinding], tuple[Suppressed, ...]]:
    """What is left, and how many each suppression leaves out: the first that is about a finding.

    A finding that could only follow from one that is left out is no consequence any more: nobody
    is going to add the edge that would have mended it, too.
    """
    kept: list[RawFinding] = []
    counts: Counter[Suppression] = Counter()
    unordered: set[tuple[int, ...]] = set()
    for finding in found:
        tasks = finding.tasks if finding.writer is None else (*finding.tasks, finding.writer)
        kernels = tuple(map(kernel_of, tasks))
        by = next(
            (s for s in suppressions if s.leaves_out(finding.check, kernels, finding.tensor)), None
        )
        if by is None:
            kept.append(finding)
            continue
        counts[by] += 1
        if finding.check == "racecheck":
            unordered.add(finding.tasks)
    if unordered:
        kept = _marked_anew(kept, unordered, recording)
    return kept, tuple(Suppressed(each, counts[each]) for each in dict.fromkeys(suppressions))


def _marked_anew(
    kept: Sequence[RawFinding], unordered: Collection[tuple[int, ...]], recording: Recording
) -> list[RawFinding]:
    """The findings, marked as consequences of one another alone."""
    races = [finding for finding in kept if finding.check == "racecheck"]
    follows = {
        race.tasks: by_another
        for race, by_another in zip(races, ordered_by_others(races, recording), strict=True)
    }

    def is_consequence(finding: RawFinding) -> bool:
        if finding.check == "racecheck":
            return follows[finding.tasks]
        if finding.writer is not None:
            pair = tuple(sorted((finding.tasks[0], finding.writer)))
            return finding.is_consequence and pair not in unordered
        return finding.is_consequence

    return [replace(finding, is_consequence=is_consequence(finding)) for finding in kept]
