"""Pictures of cases: what is written when the test of one has ended."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import A2A3SimWarning
from pytest_a2a3sim.plugin.collect import SIMULATOR
from pytest_a2a3sim.plugin.page import add_case, page_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from pytest_a2a3sim.model.record import CaseRecord
    from pytest_a2a3sim.model.result import Attempt, CaseResult


SUMMARY = "GITHUB_STEP_SUMMARY"
"""The environment variable that names the file of a GitHub Actions job's summary."""

GRAPH = "a2a3sim_graph"
"""Attribute of a report: the case's graph as Mermaid, where GitHub shows a summary."""


def save_pictures(
    item: pytest.Item, report: pytest.TestReport, attempt: Attempt, record: CaseRecord
) -> None:
    """Writes what the options ask for about a case; says in its report what cannot be written."""
    if (path := page_path(item.config)) is not None:
        try:
            add_case(path, record, attempt, item.config.rootpath)
        except OSError as error:
            report.sections.append(("a2a3sim page", f"--sim-html: {error}"))
    if getattr(item.config.option, "htmlpath", None):
        from pytest_a2a3sim.plugin.html_report import attach_lines  # noqa: PLC0415 - only for pytest-html

        attach_lines(item, report, attempt.result)
    if attempt.result is None:
        return
    if SUMMARY in os.environ:
        from pytest_a2a3sim.pictures.graph import summary  # noqa: PLC0415 - only there

        setattr(report, GRAPH, summary.summary_graph(attempt.result))
    if problem := _trace(item.config, attempt.result, item.nodeid):
        report.sections.append(("a2a3sim trace", problem))


def trace_results(config: pytest.Config) -> None:
    """Has the cases that ordinary tests run through the fixture traced, too."""

    def write(result: CaseResult) -> None:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        name = f"{test} {result.golden.parent.name}: {result.case}"
        if problem := _trace(config, result, name):
            warnings.warn(problem, A2A3SimWarning, stacklevel=2)

    config.stash[SIMULATOR].report_result = write


def _trace(config: pytest.Config, result: CaseResult, name: str) -> str | None:
    """Writes the trace of a case, if one is asked for; returns what keeps it from being written."""
    directory = config.getoption("sim_trace")
    if not directory:
        return None
    from pytest_a2a3sim.reporting.artifacts import directory_name  # noqa: PLC0415 - needs NumPy

    path = config.invocation_params.dir / directory / f"{directory_name(name)}.json.gz"
    try:
        write_trace(path, result, name)
    except OSError as error:
        return f"--sim-trace: {path} cannot be written: {error.strerror}; name another directory"
    return None


def summary_lines(graphs: Mapping[str, str]) -> list[str]:
    """The part of GitHub's summary that shows graphs; ``graphs`` are by node id."""
    if not graphs:
        return []
    from pytest_a2a3sim.pictures.graph import summary  # noqa: PLC0415 - only there

    return summary.summary_lines(graphs)


def write_trace(path: Path, result: CaseResult, name: str) -> None:
    """Writes the trace of a case.

    Raises:
        OSError: it cannot be written.
    """
    from pytest_a2a3sim.pictures import trace  # noqa: PLC0415 - not needed at start

    trace.write_trace(path, result.recording, result.facts, name)
