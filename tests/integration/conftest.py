"""Fixtures for tests that run pytest inside pytest."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

import numpy.random  # noqa: F401 - it can be loaded only once in a process
import pytest

import pytest_a2a3sim
from tests.golden_dirs import KERNEL, GoldenDir
from tests.integration import outcomes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.sharing import MadeOnce

# Pytester unloads what an inner run loads. What is there before stays, and is compiled only once.
for module in pkgutil.walk_packages(pytest_a2a3sim.__path__, "pytest_a2a3sim."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)


@pytest.fixture(params=[(), ("-n", "2")], ids=["plain", "xdist"])
def plugin_args(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Arguments that make the same test run without and with xdist."""
    arguments: tuple[str, ...] = request.param
    return arguments


@pytest.fixture
def new_dir(tmp_path: Path) -> GoldenDir:
    """A golden directory at a path of this test's own, at which nothing was stored before."""
    return GoldenDir.create(tmp_path / "doubler")


@pytest.fixture
def doubler(pytester: pytest.Pytester) -> GoldenDir:
    """A golden directory below pytester's rootdir."""
    return GoldenDir.create(pytester.path / "doubler")


@pytest.fixture
def two(pytester: pytest.Pytester) -> tuple[GoldenDir, GoldenDir]:
    """Two golden directories with kernels of different names."""
    made = []
    for name in ("first", "second"):
        directory = GoldenDir.create(pytester.path / name)
        directory.kernel(KERNEL, f"{name}.cpp")
        directory.kernel_config(
            f"""
            KERNELS = [{{"func_id": 0, "source": "{name}.cpp", "core_type": "aiv"}}]
            ORCHESTRATION = {{"source": "orchestration.cpp", "function_name": "build_graph"}}
            """
        )
        made.append(directory)
    return made[0], made[1]


@pytest.fixture(scope="session")
def alone(made_once: MadeOnce) -> outcomes.ReportedRun:
    """Every report of a run in one process."""
    return outcomes.ReportedRun(made_once("alone", outcomes.run))


@pytest.fixture(scope="session")
def shared(made_once: MadeOnce) -> outcomes.ReportedRun:
    """The same of a run on two xdist workers."""
    return outcomes.ReportedRun(made_once("shared", lambda path: outcomes.run(path, "-n2")))


@pytest.fixture(params=["alone", "shared"])
def reported(request: pytest.FixtureRequest) -> outcomes.ReportedRun:
    """Each of the two."""
    run: outcomes.ReportedRun = request.getfixturevalue(request.param)
    return run
