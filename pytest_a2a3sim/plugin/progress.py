"""Who tells how far long graphs are."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.plugin.collect import SIMULATOR
from pytest_a2a3sim.reporting.run_lines import RunLines

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


def report_runs(config: pytest.Config) -> None:
    """Tells how far long graphs are: in the terminal, or on an xdist worker's standard error.

    A terminal has one line, which is rewritten and gone when the graph has ended; where output of
    kernels would come in between (``-s``), and in logs, lines stay.
    """
    if config.get_verbosity() < 0:
        return
    worker = getattr(config, "workerinput", None)
    terminal: Any = config.pluginmanager.get_plugin("terminalreporter")
    if worker is not None:
        lines = RunLines(_uncaptured(config, _on_stderr(worker["workerid"])))
    elif terminal is not None:
        lines = _lines_in(config, terminal)
    else:
        return
    config.stash[SIMULATOR].report_run = lines


def _uncaptured(config: pytest.Config, write: Callable[[str], None]) -> Callable[[str], None]:
    """Writes to where pytest does, and not to what is captured of the case."""
    capture: Any = config.pluginmanager.get_plugin("capturemanager")

    def write_uncaptured(text: str) -> None:
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            write(text)

    return write_uncaptured


def _lines_in(config: pytest.Config, terminal: Any) -> RunLines:
    begun: Any = None

    def say(line: str) -> None:
        _leave_line(terminal)
        terminal.write_line(f"a2a3sim: {line}")
        terminal.flush()

    def rewrite(line: str) -> None:
        nonlocal begun
        if begun is None and line:
            _leave_line(terminal)
        begun = line or None
        width = terminal._tw.fullwidth - 1  # noqa: SLF001 - the only way to the width
        text = f"a2a3sim: {line}"[:width] if line else ""
        terminal.rewrite(text.ljust(width) if line else " " * width + "\r")
        terminal.flush()

    can_rewrite = terminal.isatty and config.getoption("capture", "no") != "no"
    return RunLines(_uncaptured(config, say), _uncaptured(config, rewrite) if can_rewrite else None)


def _leave_line(terminal: Any) -> None:
    """Begins a line; the node id that stands above is not printed again."""
    begun = terminal.currentfspath if terminal.verbosity > 0 else None
    terminal.ensure_newline()
    terminal.currentfspath = begun


def _on_stderr(name: str) -> Callable[[str], None]:
    """A worker's terminal leads nowhere, but its standard error is that of the whole run."""

    def say(line: str) -> None:
        sys.stderr.write(f"\na2a3sim: {name} {line}\n")
        sys.stderr.flush()

    return say
