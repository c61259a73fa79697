"""A kernel on PTO ISA itself, where the environment names a checkout: each flag is needed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from pytest_a2a3sim import SanitizerError, Settings, Simulator, run_case
from pytest_a2a3sim.cli import main

PTO_ADD = Path(__file__).parent / "pto_add"
ADD = Path("kernels", "aiv", "add.cpp")

pytestmark = pytest.mark.skipif(
    not os.environ.get("PTO_ISA_ROOT"), reason="PTO_ISA_ROOT names no checkout of PTO ISA"
)


def findings(directory: Path) -> set[str]:
    """``racecheck RAW`` and its like, of the kernel in a directory."""
    settings = Settings(sanitize=("memcheck", "racecheck", "initcheck", "synccheck"))
    simulator = Simulator(settings)
    try:
        result = simulator.run_case(
            directory / "pto_add_golden.py", kernels=directory / "kernels", params={}
        )
    except SanitizerError as error:
        return {f"{finding.check} {finding.kind}" for finding in error.report.findings}
    finally:
        simulator.close()
    if isinstance(result.failure, SanitizerError):
        report = result.failure.report
        return {f"{finding.check} {finding.kind}" for finding in report.findings}
    result.check()
    return set()


def test_nothing_is_found_in_a_right_kernel() -> None:
    assert findings(PTO_ADD) == set()


@pytest.mark.parametrize("dtype", ["float32", "float16", "int32"])
def test_template(tmp_path: Path, dtype: str) -> None:
    directory = tmp_path / "new"
    assert main(["new", str(directory), "--template", "pto", "--dtype", dtype]) == 0
    for settings in (Settings(), Settings(sanitize="all")):
        run_case(directory, "tiles=5", settings=settings).check()


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("set_flag(PIPE_MTE2", {"synccheck NEVER_SET"}),
        ("wait_flag(PIPE_MTE2", {"racecheck RAW", "synccheck NEVER_WAITED"}),
        ("set_flag(PIPE_V", {"synccheck NEVER_SET"}),
        ("wait_flag(PIPE_V", {"racecheck RAW", "synccheck NEVER_WAITED"}),
    ],
)
def test_each_flag_is_missed(tmp_path: Path, call: str, found: set[str]) -> None:
    directory = tmp_path / "pto_add"
    shutil.copytree(PTO_ADD, directory, ignore=shutil.ignore_patterns("__pycache__"))
    source = directory / ADD
    lines = source.read_text().splitlines(keepends=True)
    source.write_text("".join(line for line in lines if not line.strip().startswith(call)))
    assert findings(directory) == found
