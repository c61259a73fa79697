"""A golden directory with a case for each way in which a case can end, and its reports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GOLDEN = """
import numpy as np
import pytest

PARAMS_LIST = [
    {"name": "good", "mode": 0},
    {"name": "wrong", "mode": 1},
    {"name": "crash", "mode": 2},
    {"name": "broken", "mode": 3},
]


def generate_inputs(params):
    x = np.arange(8, dtype=np.float32)
    x[0] = params["mode"]
    return {"x": x, "out_y": np.zeros((2, 4), dtype=np.float32)}


def compute_golden(tensors, params):
    if params["mode"] == 3:
        raise ValueError("no such mode")
    tensors["out_y"][:] = 2 * tensors["x"].reshape(2, 4)
"""

_KERNEL = """
for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
if (x[0] == 1)
    for (int i = 4; i < 8; ++i) y[i] = 0;
if (x[0] == 2) *reinterpret_cast<volatile int*>(8) = 1;
"""

OUTCOMES = {"good": "passed", "wrong": "failed", "crash": "failed", "broken": "failed"}


def create(path: Path) -> GoldenDir:
    """One passes, one has a wrong second row, one crashes, one's golden raises."""
    directory = GoldenDir.create(path)
    directory.golden(_GOLDEN)
    directory.kernel_body(_KERNEL)
    return directory


@dataclass(frozen=True)
class ReportedRun:
    """pytest's run of such a directory with every report switched on."""

    path: Path

    @property
    def stdout(self) -> str:
        return _stdout(self.path).read_text(encoding="utf-8")

    @property
    def document(self) -> Any:
        return json.loads((self.path / "reports" / "a2a3sim.json").read_text())

    @property
    def junit(self) -> Path:
        return self.path / "junit.xml"

    @property
    def summary(self) -> str:
        return (self.path / "summary.md").read_text(encoding="utf-8")

    @property
    def kept(self) -> Path:
        return self.path / "kept"

    def kept_of(self, case: str) -> Path:
        (found,) = self.kept.glob(f"doubler-{case}-*")
        return found


def _stdout(path: Path) -> Path:
    return path / "stdout.txt"


def run(path: Path, *arguments: str) -> None:
    """Runs the directory below ``path``."""
    create(path / "doubler")
    (path / "pytest.ini").write_text("[pytest]\n")
    (path / "summary.md").write_text("from an earlier step\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--color=yes", "--sim-durations=2"),
            *("--sim-json=reports/a2a3sim.json", "--junitxml=junit.xml", "--sim-artifacts=kept"),
            *arguments,
        ],
        cwd=path,
        env={
            **os.environ,
            "COLUMNS": "60",
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(path / "summary.md"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    _stdout(path).write_text(done.stdout, encoding="utf-8")


def visible(text: str) -> Iterator[str]:
    """Lines without the codes that colour them."""
    for line in text.splitlines():
        yield re.sub(r"\x1b\[[0-9;]*m", "", line)
