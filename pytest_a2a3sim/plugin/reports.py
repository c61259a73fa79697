"""Records of cases, from the reports of pytest's tests to every place where somebody reads them."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.errors import A2A3SimError, A2A3SimWarning, Mismatch, SanitizerError
from pytest_a2a3sim.model.lines import decode, encode, lines_of
from pytest_a2a3sim.model.result import Attempt, CaseFacts
from pytest_a2a3sim.plugin.baseline import BASELINE
from pytest_a2a3sim.plugin.collect import ATTEMPT, REGRESSIONS, GoldenItem
from pytest_a2a3sim.plugin.options import is_strict
from pytest_a2a3sim.plugin.page import prepare_page, write_page
from pytest_a2a3sim.plugin.pictures import GRAPH, SUMMARY, save_pictures, summary_lines, write_trace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.model.record import CaseRecord, CollectionErrorRecord

# Attributes of pytest's reports, which travel from xdist workers as plain data. A record is JSON:
# pytest keeps the reports to the session's end, and text takes half the memory of dicts.
_RECORD = "a2a3sim_record"
_VERDICTS = "a2a3sim_verdicts"
_TEXT = "a2a3sim_text"
_SUMMARY = "a2a3sim_summary"


def attach(item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
    """Attaches a golden item's record to its report, which also travels from xdist workers.

    Tensors and timeline of the case are given up: a session keeps no more than its records.
    """
    ended = report.when == "call" or (report.when == "setup" and not report.passed)
    if not isinstance(item, GoldenItem) or not ended:
        return
    from pytest_a2a3sim.reporting.record import (  # noqa: PLC0415 - not needed at start
        TestedCase,
        case_record,
        properties,
    )

    attempt = item.stash.get(ATTEMPT, Attempt(CaseFacts()))
    error = call.excinfo.value if call.excinfo is not None else None
    record = case_record(
        TestedCase(
            nodeid=item.nodeid,
            golden=item.golden,
            case=item.case.name,
            params=item.case.params,
            outcome=report.outcome,
            seconds=report.duration,
            facts=attempt.facts,
            result=attempt.result,
            error=error,
            regressions=item.stash.get(REGRESSIONS, None),
            message=str(error) if isinstance(error, A2A3SimError) else report.longreprtext,
        ),
        item.config.rootpath,
    )
    setattr(report, _RECORD, json.dumps(record))
    if isinstance(error, (Mismatch, SanitizerError)):
        setattr(report, _TEXT, encode(error.lines))
    if isinstance(error, Mismatch):
        setattr(report, _SUMMARY, error.summary)
    verbosity = item.config.get_verbosity()
    if attempt.result is not None and verbosity > 0:
        from pytest_a2a3sim.reporting.text import tensor_line, verdict_line  # noqa: PLC0415 - as above

        line = tensor_line if verbosity > 1 else verdict_line
        setattr(report, _VERDICTS, [line(diff) for diff in attempt.result.diffs])
    item.user_properties += properties(record)
    if report.failed and (directory := item.config.getoption("sim_artifacts")):
        _save_artifacts(item, report, record, item.config.invocation_params.dir / directory)
    save_pictures(item, report, attempt, record)
    if ATTEMPT in item.stash:
        del item.stash[ATTEMPT]  # items live to the session's end, and the tensors with them


def _save_artifacts(
    item: GoldenItem, report: pytest.TestReport, record: CaseRecord, directory: Path
) -> None:
    from pytest_a2a3sim.reporting import artifacts  # noqa: PLC0415 - needs NumPy

    attempt = item.stash.get(ATTEMPT, Attempt(CaseFacts()))
    try:
        saved = artifacts.save(directory, record, item.path, attempt.inputs, attempt.result)
        if attempt.result is not None:
            write_trace(saved / "trace.json.gz", attempt.result, item.nodeid)
    except OSError as error:
        report.sections.append(("a2a3sim artifacts", f"cannot be saved: {error}"))
    else:
        report.sections.append(("a2a3sim artifacts", f"python {saved / 'reproduce.py'}"))


class SessionReports:
    """Collects the session's records where it reports, and hands them to the report writers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._started = time.time()
        self._records: dict[str, str] = {}  # as JSON, by node id
        self._collection_errors: list[CollectionErrorRecord] = []
        self._errors: list[str] = []
        self._graphs: dict[str, str] = {}  # as Mermaid, by node id
        self._told: dict[int, str] = {}  # by hash: the first case of a golden.py that failed so

    @property
    def records(self) -> Sequence[CaseRecord]:
        """One record a case, the last of each."""
        return [json.loads(record) for record in self._records.values()]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Takes the record; gives a failure's text the form that terminals show best."""
        text: str | None = getattr(report, _RECORD, None)
        if text is None:
            return
        self._records[report.nodeid] = text
        if graph := getattr(report, GRAPH, None):
            self._graphs[report.nodeid] = graph
        if report.failed and isinstance(report.longrepr, str):
            from pytest_a2a3sim.reporting.terminal import FailureText, likeness  # noqa: PLC0415 - only on failure

            record: CaseRecord = json.loads(text)
            failure, rows = record["failure"], getattr(report, _TEXT, None)
            lines = lines_of(report.longrepr) if rows is None else decode(rows)
            fitted = failure is not None and failure["kind"] in {Mismatch.kind, SanitizerError.kind}
            looks = hash((record["golden"], likeness("\n".join(map(str, lines)), record["case"])))
            first = self._told.setdefault(looks, report.nodeid)
            everything = self._config.get_verbosity() > 1
            report.longrepr = FailureText(  # type: ignore[assignment]
                lines,
                fitted=fitted,
                summary=getattr(report, _SUMMARY, ""),
                told=None if everything or first == report.nodeid else first,
            )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Notes golden directories that cannot be read: they have no cases."""
        if report.failed and report.nodeid.endswith("golden.py"):
            self._collection_errors.append(
                {"nodeid": report.nodeid, "message": report.longreprtext}
            )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Warns of suppressions that no case used, and writes the files."""
        self._warn_of_unused_suppressions(session)
        if path := self._config.getoption("sim_json"):
            exit_status = int(session.exitstatus)
            self._write_json(self._config.invocation_params.dir / path, exit_status)
        if problem := write_page(self._config, self.records):
            self._errors.append(problem)
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED
        summary = os.environ.get(SUMMARY)
        if summary and self._records:
            from pytest_a2a3sim.reporting.github import markdown_lines  # noqa: PLC0415 - only there

            with Path(summary).open("a", encoding="utf-8") as file:
                lines = [*markdown_lines(self.records), *summary_lines(self._graphs)]
                file.write("\n".join(lines) + "\n")

    def _warn_of_unused_suppressions(self, session: pytest.Session) -> None:
        if not any(record["sanitizer"] for record in self.records):
            return
        from pytest_a2a3sim.reporting import suppression_text  # noqa: PLC0415 - few sessions need it

        for text in suppression_text.unused_lines(suppression_text.of_cases(self.records)):
            self._warn(text, session)

    def _warn(self, text: str, session: pytest.Session) -> None:
        """Warns at the session's end; fails it where pytest turns warnings into errors."""
        try:
            self._config.issue_config_time_warning(A2A3SimWarning(text), stacklevel=2)
        except A2A3SimWarning:
            self._errors.append(text)
            if session.exitstatus == pytest.ExitCode.OK:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _write_json(self, path: Path, exit_status: int) -> None:
        from pytest_a2a3sim.reporting import json_report  # noqa: PLC0415 - only on demand

        session = json_report.Session(
            started=self._started,
            seconds=time.time() - self._started,
            exit_status=exit_status,
            collection_errors=self._collection_errors,
        )
        json_report.write(path, json_report.document(self.records, session))

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Prints the closing section, and the annotations of GitHub Actions."""
        slowest = self._config.getoption("sim_durations")
        if self._records and (self._config.get_verbosity() >= 0 or slowest):
            from pytest_a2a3sim.reporting.summary import summary_lines as closing_lines  # noqa: PLC0415 - only with cases
            from pytest_a2a3sim.reporting.terminal import wrapped  # noqa: PLC0415 - as above

            terminalreporter.write_sep("=", "a2a3sim")
            width = terminalreporter._tw.fullwidth  # noqa: SLF001 - the only way to the width
            for line in closing_lines(self.records, slowest, strict=is_strict(self._config)):
                for part in wrapped(line, width):
                    terminalreporter.write_line(part)
        if (baseline := self._config.stash.get(BASELINE, None)) is not None:
            for line in baseline.lines(self.records):
                terminalreporter.write_line(line)
        for text in self._errors:
            terminalreporter.write_line(f"ERROR: {text}", red=True)
        if os.environ.get("GITHUB_ACTIONS") == "true":
            from pytest_a2a3sim.reporting.github import annotation_lines  # noqa: PLC0415 - only there

            for line in annotation_lines(self.records):
                terminalreporter.write_line(line)


class TensorLines:
    """Prints the lines per tensor under each item, for ``-v``."""

    def __init__(self, terminal: Any) -> None:
        self.terminal = terminal

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Comes after the terminal reporter's own line."""
        for line in getattr(report, _VERDICTS, ()):
            self.terminal.write(f"\n    {line}")  # the reporter begins each line with a newline


def register_reports(config: pytest.Config) -> None:
    """Adds the reports to the process that reports; xdist workers only attach records."""
    if hasattr(config, "workerinput"):
        return
    prepare_page(config)
    config.pluginmanager.register(SessionReports(config), "a2a3sim-reports")


def register_tensor_lines(config: pytest.Config) -> None:
    """Adds the lines per tensor where somebody reads them."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and config.get_verbosity() > 0:
        config.pluginmanager.register(TensorLines(terminal), "a2a3sim-tensor-lines")
