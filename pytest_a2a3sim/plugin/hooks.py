"""pytest's hooks; each hands over to the module that does the work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.sanitizer import CHECKS
from pytest_a2a3sim.plugin import (
    affected,
    builds,
    options,
    pictures,
    progress,
    reports,
    selecting,
    since,
)
from pytest_a2a3sim.plugin.collect import (
    SIMULATOR,
    GoldenFile,
    deselect_unasked,
    is_golden_file,
    is_kernel_config,
)
from pytest_a2a3sim.plugin.scenes import SceneFile, is_scene_file
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declares the options."""
    options.declare(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Notes what conftest.py files use already."""
    if options.switched(early_config, "affected") or early_config.known_args_namespace.sim_since:
        selecting.watch(early_config)
    yield


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers; prepares the session's simulator and reports."""
    config.addinivalue_line("markers", "a2a3sim: a case of a golden.py, run by pytest-a2a3sim")
    config.addinivalue_line(
        "markers",
        "sim_sanitize(*checks): look for these with the sanitizer, whatever --sim-sanitize says: "
        f"{', '.join(CHECKS)}; all of them without arguments",
    )
    config.addinivalue_line(
        "markers",
        "sim(**options): simulate with these options, whatever --sim-... says, as in "
        "sim(threads=1, schedule='fifo', sanitize='all')",
    )
    simulator = Simulator(options.settings(config))
    config.stash[SIMULATOR] = simulator
    config.add_cleanup(simulator.close)
    reports.register(config)
    affected.register(config)
    since.register(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Names compiler, engine and threads."""
    return config.stash[SIMULATOR].header()


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collects golden.py as ours alone: no other collector may import it as a test module."""
    others = yield
    if is_golden_file(file_path):
        return [GoldenFile.from_parent(parent, path=file_path)]
    if is_kernel_config(file_path):
        return []
    if is_scene_file(file_path, others):
        return [SceneFile.from_parent(parent, path=file_path)]
    return others


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the cases that nobody asked for."""
    deselect_unasked(config, items)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Starts compiling in the background."""
    builds.compile_early(session)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Ends what still compiles if the user does not want to wait."""
    if exitstatus == pytest.ExitCode.INTERRUPTED:
        session.config.stash[SIMULATOR].stop()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tells an xdist worker since when everything is to be compiled anew."""
    node.workerinput[options.REBUILD_SINCE] = node.config.stash[SIMULATOR].settings.rebuild_since


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attaches what the reports say about a case."""
    report = yield
    reports.attach(item, call, report)
    return report


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Prepares the lines per tensor, and those of long builds, where somebody reads them."""
    config = session.config
    reports.register_tensor_lines(config)
    builds.report_builds(config)
    progress.report_runs(config)
    pictures.trace_results(config)


@pytest.fixture(scope="session")
def a2a3sim(request: pytest.FixtureRequest) -> Simulator:
    """Runs golden directories from ordinary tests: ``a2a3sim.run_case(path).check()``."""
    return request.config.stash[SIMULATOR]
