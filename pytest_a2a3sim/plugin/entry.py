"""The hooks that every session of pytest has, and what brings in the others.

A session without golden files, scene tests and options of ours pays for what is imported here, and
for nothing else.
"""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.model.checks import CHECKS
from pytest_a2a3sim.plugin import files, options

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from pytest_a2a3sim.simulator import Simulator

_HOOKS = "a2a3sim-hooks"


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declares the options."""
    _import_as_written(pluginmanager)
    options.declare(parser)


def _import_as_written(pluginmanager: pytest.PytestPluginManager) -> None:
    """Has the modules of this package imported by Python's own importer from now on.

    pytest rewrites the assert statements of plugins, so that tests say more when they fail. Those
    here are no tests', and its importer takes longer; where it can keep no bytecode
    (``PYTHONDONTWRITEBYTECODE``), it parses every module in every session.
    """
    marked = getattr(pluginmanager.rewrite_hook, "_must_rewrite", None)
    if isinstance(marked, set):  # it is private: without it, imports take their time
        marked.discard(__name__.partition(".")[0])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Notes what conftest.py files use already."""
    if options.switched(early_config, "affected") or early_config.known_args_namespace.sim_since:
        from pytest_a2a3sim.plugin.selecting import watch  # noqa: PLC0415 - only on demand

        watch(early_config)
    yield


def pytest_configure(config: pytest.Config) -> None:
    """Registers the markers; has all hooks where options ask for something, or workers run."""
    config.stash[options.AT_THE_END] = ExitStack()
    config.add_cleanup(config.stash[options.AT_THE_END].close)
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
    if options.are_given(config) or config.getoption("tx", None):
        _register_hooks(config)


# Modules are imported by their full names: pytester takes those of a session in its own process out
# of sys.modules afterwards, and leaves them in their packages.


def _register_hooks(config: pytest.Config) -> None:
    config.pluginmanager.register(importlib.import_module(f"{__package__}.hooks"), _HOOKS)


def _activate(config: pytest.Config) -> None:
    """Has all hooks from now on, in a session that has begun."""
    if not config.pluginmanager.has_plugin(_HOOKS):
        _register_hooks(config)
        from pytest_a2a3sim.plugin.hooks import prepare  # noqa: PLC0415 - this module says why

        prepare(config)


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    """Collects golden.py as ours alone: no other collector may import it as a test module."""
    others = yield
    if files.is_golden_file(file_path):
        _activate(parent.config)
        from pytest_a2a3sim.plugin.collect import GoldenFile  # noqa: PLC0415 - this module says why

        return [GoldenFile.from_parent(parent, path=file_path)]
    if files.is_kernel_config(file_path):
        return []
    if files.is_scene_file(file_path, others):
        _activate(parent.config)
        from pytest_a2a3sim.plugin.scenes import SceneFile  # noqa: PLC0415 - this module says why

        return [SceneFile.from_parent(parent, path=file_path)]
    return others


@pytest.fixture(scope="session")
def a2a3sim(request: pytest.FixtureRequest) -> Simulator:
    """Runs golden directories from ordinary tests: ``a2a3sim.run_case(path).check()``."""
    _activate(request.config)
    from pytest_a2a3sim.plugin.blas import import_numpy  # noqa: PLC0415 - this module says why
    from pytest_a2a3sim.plugin.collect import SIMULATOR  # noqa: PLC0415 - as above

    import_numpy()
    return request.config.stash[SIMULATOR]
