"""Starting compilers when the tests are known, and who tells how far they are."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.plugin.collect import SIMULATOR, GoldenItem
from pytest_a2a3sim.reporting.terminal import BuildLines

if TYPE_CHECKING:
    import pytest


def prepare_compiler(config: pytest.Config) -> None:
    """Begins with what compilers need while cases are collected, unless others will compile."""
    is_worker = hasattr(config, "workerinput")
    is_controller = not is_worker and config.getoption("dist", "no") != "no"
    if not config.option.collectonly and not is_controller:
        config.stash[SIMULATOR].prepare()


def compile_early(session: pytest.Session) -> None:
    """Starts compiling what the collected cases need.

    Under xdist every worker has collected the same cases and begins at a different one of them, so
    that together they compile each source once.
    """
    config = session.config
    if config.option.collectonly:
        return
    if session.testsfailed and not config.option.continue_on_collection_errors:
        return
    items = [item for item in session.items if isinstance(item, GoldenItem)]
    goldens = {}
    for item in items:
        with contextlib.suppress(SettingsError):  # fails the item, when it runs
            golden = item.marked_golden()
            if not _is_skipped(item):
                goldens[golden.path, bool(golden.sanitize or "sanitize" in golden.options)] = golden
    config.stash[SIMULATOR].compile_early(goldens.values(), start=_share(config))


def _is_skipped(item: pytest.Item) -> bool:
    return item.get_closest_marker("skip") is not None


def _share(config: pytest.Config) -> float:
    """Which part of the work this xdist worker begins with, from 0 to 1."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return 0.0
    return int(str(worker["workerid"]).removeprefix("gw")) / int(worker["workercount"])


def report_builds(config: pytest.Config) -> None:
    """Tells how far long builds are: in the terminal, or on an xdist worker's standard error."""
    if config.get_verbosity() < 0:
        return
    worker = getattr(config, "workerinput", None)
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    if worker is not None:
        lines = _lines_of_worker(config, worker["workerid"])
    elif terminal is not None:
        lines = _lines_in(terminal)
    else:
        return
    config.stash[SIMULATOR].report_build = lines


def _lines_in(terminal: Any) -> BuildLines:
    def say(line: str) -> None:
        begun = terminal.currentfspath if terminal.verbosity > 0 else None
        terminal.ensure_newline()
        terminal.write_line(f"a2a3sim: {line}")
        terminal.currentfspath = begun  # the node id that stands above is not printed again

    return BuildLines(say, is_terminal=bool(terminal.isatty))


def _lines_of_worker(config: pytest.Config, name: str) -> BuildLines:
    """A worker's terminal leads nowhere, but its standard error is that of the whole run."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            sys.stderr.write(f"\na2a3sim: {name} {line}\n")
            sys.stderr.flush()

    return BuildLines(say, is_terminal=sys.stderr.isatty())
