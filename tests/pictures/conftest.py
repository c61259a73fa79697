"""One run of pytest whose pictures the tests look at, and a browser to look with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.pictures.attention_like import AttentionLike, Kept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

CASES = (
    {"name": "good", "mode": "good", "blocks": 32},
    {"name": "wrong", "mode": "wrong", "blocks": 40},
    {"name": "crash", "mode": "crash", "blocks": 1},
)


@dataclass(frozen=True)
class Pictured:
    """What a run has left.

    Attributes:
        path: where it ran.
        stdout: what it printed.
    """

    path: Path
    stdout: str

    def kept(self, case: str) -> Kept:
        (found,) = (self.path / "kept").glob(f"attention-{case}-*")
        return Kept(found)

    def trace(self, case: str) -> Path:
        (found,) = (self.path / "traces").glob(f"attention-{case}-*.json.gz")
        return found


def run_pytest(
    path: Path, *arguments: str, summary: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, whose environment is nobody's CI."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GITHUB_", "PYTEST_"))
    }
    if summary is not None:
        environment["GITHUB_STEP_SUMMARY"] = str(summary)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Pictured:
    """A run on two workers with every option that makes pictures."""
    path = tmp_path_factory.mktemp("pictured")
    AttentionLike.create(path / "attention", *CASES)
    options = (
        *("--sim-trace=traces", "--sim-artifacts=kept", "--sim-html=page.html"),
        *("--sim-json=report.json", "--html=pytest.html", "--self-contained-html"),
    )
    done = run_pytest(path, "-n2", *options, summary=path / "summary.md")
    assert "2 failed, 1 passed" in done.stdout, done.stdout
    return Pictured(path, done.stdout)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system; tests that need one are skipped without it."""
    api = pytest.importorskip("playwright.sync_api")
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        pytest.skip("no chromium on PATH")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield opened
        opened.close()
