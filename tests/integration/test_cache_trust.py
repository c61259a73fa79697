"""A build cache that others may write to is not used, unless somebody says that it may be."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

REFUSED = r"not used: everybody may write to it \(drwxrwxrwx\)"


@pytest.fixture
def open_cache(own_cache: Path) -> Path:
    """A cache with objects in it, to which everybody may write."""
    own_cache.mkdir()
    own_cache.chmod(0o777)
    return own_cache


def test_cache_of_everybody(
    golden_dir: GoldenDir,
    open_cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(2):
        with pytest.warns(UserWarning, match=REFUSED):
            assert run_case(golden_dir.path).compiled == 2
    assert list(open_cache.iterdir()) == []
    assert main(["cache", "info"]) == 0
    assert "not used: everybody may write to it" in capsys.readouterr().out
    monkeypatch.setenv("A2A3SIM_CACHE_SHARED", "1")
    assert run_case(golden_dir.path).compiled == 2
    assert run_case(golden_dir.path).compiled == 0
    monkeypatch.delenv("A2A3SIM_CACHE_SHARED")
    open_cache.chmod(0o755)
    assert run_case(golden_dir.path).compiled == 0


def test_cache_of_a_group(golden_dir: GoldenDir, open_cache: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can give a directory to another group")
    open_cache.chmod(0o775)
    os.chown(open_cache, 0, 54321)
    with pytest.warns(UserWarning, match=r"the group 54321 may write to it"):
        assert run_case(golden_dir.path).passed
    open_cache.chmod(0o755)
    os.chown(open_cache, 54321, 0)
    with pytest.warns(UserWarning, match="it belongs to user 54321"):
        assert run_case(golden_dir.path).passed


@pytest.mark.usefixtures("doubler")
def test_ini_key(pytester: pytest.Pytester, open_cache: Path) -> None:
    result = pytester.runpytest("--sim-affected", "-Wdefault")
    assert result.ret == 0
    result.stdout.fnmatch_lines(f"*the build cache in {open_cache} is not used: everybody may*")
    pytester.makeini("[pytest]\nsim_cache_shared = true\nsim_affected = on")
    pytester.runpytest().assert_outcomes(passed=1)
    pytester.runpytest().assert_outcomes(deselected=1)
