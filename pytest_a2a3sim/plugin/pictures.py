"""Pictures of cases: what is written when the test of one has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pytest_a2a3sim.model.result import Attempt, CaseResult


def save(item: pytest.Item, report: pytest.TestReport, attempt: Attempt) -> None:
    """Writes what the options ask for about a case; says in its report what cannot be written."""
    directory = item.config.getoption("sim_trace")
    if not directory or attempt.result is None:
        return
    from pytest_a2a3sim.reporting.artifacts import directory_name  # noqa: PLC0415 - needs NumPy

    path = item.config.invocation_params.dir / directory / f"{directory_name(item.nodeid)}.json.gz"
    try:
        write_trace(path, attempt.result, item.nodeid)
    except OSError as error:
        report.sections.append(
            (
                "a2a3sim trace",
                f"--sim-trace: {path} cannot be written: {error.strerror}; name another directory",
            )
        )


def write_trace(path: Path, result: CaseResult, name: str) -> None:
    """Writes the trace of a case.

    Raises:
        OSError: it cannot be written.
    """
    from pytest_a2a3sim.pictures import trace  # noqa: PLC0415 - not needed at start

    trace.write_trace(path, result.recording, result.facts, name)
