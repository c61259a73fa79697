"""Starting compilers when the tests are known, and telling how far they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.collect import SIMULATOR, GoldenItem

if TYPE_CHECKING:
    import pytest

    from pytest_a2a3sim.building.build import BuildProgress

_FIRST_LINE_SECONDS = 3.0
_INTERVALS = {True: 3.0, False: 30.0}  # whether the output is a terminal


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
    goldens = {item.golden.path: item.golden for item in items if not _is_skipped(item)}
    config.stash[SIMULATOR].compile_early(goldens.values(), start=_place(config))


def _is_skipped(item: pytest.Item) -> bool:
    return item.get_closest_marker("skip") is not None


def _place(config: pytest.Config) -> float:
    """Where among the xdist workers this one is, from 0 to 1."""
    worker = getattr(config, "workerinput", None)
    if worker is None:
        return 0.0
    return int(str(worker["workerid"]).removeprefix("gw")) / int(worker["workercount"])


class BuildLines:
    """Prints a line now and then while a case waits for its build.

    Each is a line of its own, so that nothing is garbled in a log; the first comes after 3 seconds,
    then one every 3 seconds in a terminal and every 30 elsewhere.
    """

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self._terminal = terminal
        self._next = _FIRST_LINE_SECONDS

    def __call__(self, progress: BuildProgress) -> None:
        """Is told how far the build is."""
        interval = _INTERVALS[bool(self._terminal.isatty)]
        if progress.seconds < _FIRST_LINE_SECONDS:
            self._next = _FIRST_LINE_SECONDS
        if progress.seconds < self._next:
            return
        self._next = progress.seconds + interval
        self._terminal.ensure_newline()
        self._terminal.write_line(build_line(progress))


def build_line(progress: BuildProgress) -> str:
    """``a2a3sim: compiled 3 of 9 sources in 6 s; compiling a.cpp, b.cpp``."""
    running = ", ".join(progress.running) or "nothing"
    return (
        f"a2a3sim: compiled {progress.done} of {progress.total} sources, waiting for "
        f"{progress.seconds:.0f} s; compiling {running}"
    )
