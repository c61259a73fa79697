"""Fixtures of the whole test suite, and settings of its property tests."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

from tests.compilers import CountingCompiler
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.sharing import MadeOnce

# A loaded machine is no failure.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def session_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of the session, all xdist workers included."""
    directory = tmp_path_factory.getbasetemp()
    return directory.parent if "PYTEST_XDIST_WORKER" in os.environ else directory


@pytest.fixture(scope="session", autouse=True)
def session_cache(session_directory: Path) -> Iterator[Path]:
    """One build cache for the session's tests; never the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A2A3SIM_CACHE_DIR", str(session_directory / "a2a3sim-cache"))
        yield session_directory / "a2a3sim-cache"


@pytest.fixture(scope="session")
def made_once(session_directory: Path) -> MadeOnce:
    """Has a named directory of the session filled by whoever asks first; others wait for it."""

    def make(name: str, fill: Callable[[Path], object]) -> Path:
        directory, filled = session_directory / name, session_directory / f"{name}.filled"
        with FileLock(session_directory / f"{name}.lock"):
            if not filled.exists():
                shutil.rmtree(directory, ignore_errors=True)  # of somebody who failed
                directory.mkdir()
                fill(directory)
                filled.touch()
        return directory

    return make


_INNER_OPTIONS = "-p no:hypothesispytest"  # which imports all of Hypothesis as a session ends: 1 s


@pytest.fixture(scope="session", autouse=True)
def options_of_inner_runs() -> Iterator[None]:
    """Every pytest that a test starts goes without what costs more than the run itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", _INNER_OPTIONS)
        yield


def _emptied(factory: pytest.TempPathFactory, name: str) -> Path:
    """A directory that each test of this process finds empty, always at the same path.

    Since objects are kept by the paths of their sources, a source that another test had too, or
    another parameter of the same test, is compiled once.
    """
    directory = factory.getbasetemp() / name
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    return directory


@pytest.fixture
def pytester(
    pytester: pytest.Pytester,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> pytest.Pytester:
    """Pytester in such a directory, and with the options, which it takes away."""
    monkeypatch.setenv("PYTEST_ADDOPTS", _INNER_OPTIONS)
    pytester._path = _emptied(tmp_path_factory, "pytester")
    pytester.chdir()
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
def golden_dir(tmp_path_factory: pytest.TempPathFactory) -> GoldenDir:
    """A golden directory that passes; tests change what they are about."""
    return GoldenDir.create(_emptied(tmp_path_factory, "golden") / "doubler")
