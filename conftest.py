"""Fixtures of the whole test suite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.compilers import CountingCompiler
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest_plugins = ["pytester"]


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One build cache for the session's tests, all xdist workers included; never the user's."""
    directory = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        directory = directory.parent
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A2A3SIM_CACHE_DIR", str(directory / "a2a3sim-cache"))
        yield directory / "a2a3sim-cache"


_INNER_OPTIONS = "-p no:hypothesispytest"  # which imports all of Hypothesis as a session ends: 1 s


@pytest.fixture(scope="session", autouse=True)
def options_of_inner_runs() -> Iterator[None]:
    """Every pytest that a test starts goes without what costs more than the run itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", _INNER_OPTIONS)
        yield


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Pytester takes the variable away; its runs get these options, too."""
    monkeypatch.setenv("PYTEST_ADDOPTS", _INNER_OPTIONS)
    return pytester


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build cache of this test's own, empty at first."""
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / "own-cache"))
    return tmp_path / "own-cache"


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountingCompiler:
    """The compiler of this test, which counts its runs."""
    counting = CountingCompiler.create(tmp_path / "compiler")
    monkeypatch.setenv("CXX", str(counting.executable))
    return counting


@pytest.fixture
def golden_dir(tmp_path: Path) -> GoldenDir:
    """A golden directory that passes; tests change what they are about."""
    return GoldenDir.create(tmp_path / "doubler")
