"""The hooks of sessions that have something of ours; each hands over to who does the work."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.between_cases import BetweenCases
from pytest_a2a3sim.plugin.baseline import register_baseline, tell_worker
from pytest_a2a3sim.plugin.builds import compile_early, prepare_compiler, report_builds
from pytest_a2a3sim.plugin.collect import (
    BETWEEN_CASES,
    SIMULATOR,
    GoldenItem,
    deselect_unasked,
)
from pytest_a2a3sim.plugin.garbage import freeze_collected
from pytest_a2a3sim.plugin.options import AT_THE_END, REBUILD_SINCE, settings, switched, value_of
from pytest_a2a3sim.plugin.progress import report_runs
from pytest_a2a3sim.plugin.reports import attach, register_reports, register_tensor_lines
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Generator

_TOLD: pytest.StashKey[bool] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Prepares the session's simulator and reports."""
    simulator = Simulator(settings(config))
    config.stash[SIMULATOR] = simulator
    prepare_compiler(config)
    config.add_cleanup(simulator.close)
    config.stash[BETWEEN_CASES] = BetweenCases()
    config.add_cleanup(config.stash[BETWEEN_CASES].close)
    if config.getoption("sim_baseline"):
        register_baseline(config, value_of(config, "baseline_factor"))
    register_reports(config)
    if word := switched(config, "affected"):
        from pytest_a2a3sim.plugin.affected import register_affected  # noqa: PLC0415 - only on demand

        register_affected(config, word)
    if reference := config.getoption("sim_since"):
        from pytest_a2a3sim.plugin.since import register_since  # noqa: PLC0415 - only on demand

        register_since(config, reference)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Prepares what is said while the session runs."""
    prepare(session.config)


def prepare(config: pytest.Config) -> None:
    """Adds the lines per tensor, and those of long builds and graphs, where somebody reads them."""
    register_tensor_lines(config)
    report_builds(config)
    report_runs(config)
    if config.getoption("sim_trace"):
        from pytest_a2a3sim.plugin.pictures import trace_results  # noqa: PLC0415 - only on demand

        trace_results(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Names compiler, engine and threads."""
    config.stash[_TOLD] = True
    return config.stash[SIMULATOR].header()


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Names them in sessions that did not know of golden files when the header was printed."""
    if config.get_verbosity() < 0 or _TOLD in config.stash:
        return []
    return [pytest_report_header(config)]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the cases that nobody asked for."""
    deselect_unasked(config, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Starts compiling in the background; what is collected stays."""
    compile_early(session)
    if freeze_collected(session):
        session.config.stash[AT_THE_END].callback(gc.unfreeze)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Ends what still compiles if the user does not want to wait."""
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        session.config.stash[SIMULATOR].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells an xdist worker since when everything is to be compiled anew, and the baseline."""
    node.workerinput[REBUILD_SINCE] = node.config.stash[SIMULATOR].settings.rebuild_since
    tell_worker(node)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Leaves no process to a test that is not ours, which might wait for its own."""
    if not isinstance(nextitem, GoldenItem):
        item.config.stash[BETWEEN_CASES].last_steps.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attaches what the reports say about a case."""
    report = yield
    attach(item, call, report)
    return report
