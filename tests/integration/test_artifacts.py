"""--sim-artifacts: everything about a failed case, loadable, and a script that runs it again."""

from __future__ import annotations

import json
import re
import runpy
import subprocess
import sys
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np

from pytest_a2a3sim.reporting.artifacts import directory_name
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    import pytest

    from tests.integration.outcomes import ReportedRun

BFLOAT16_GOLDEN = """
import ml_dtypes
import numpy as np


def generate_inputs(params):
    return {
        "x": np.arange(8).astype(ml_dtypes.float8_e4m3fn),
        "out_y": np.zeros(8, dtype=ml_dtypes.bfloat16),
    }


def compute_golden(tensors, params):
    tensors["out_y"][:] = np.arange(8) * 0.5
"""


def test_failed_cases_only(reported: ReportedRun) -> None:
    assert len(list(reported.kept.iterdir())) == 3


def test_wrong_case(reported: ReportedRun) -> None:
    wrong = reported.kept_of("wrong")
    np.testing.assert_array_equal(np.load(wrong / "inputs" / "x.npy")[:3], [1, 1, 2])
    assert np.load(wrong / "actual" / "out_y.npy")[1].tolist() == [0, 0, 0, 0]
    assert np.load(wrong / "expected" / "out_y.npy")[1].tolist() == [8, 10, 12, 14]
    assert np.load(wrong / "timeline.npy").shape == (1,)
    graph = np.load(wrong / "graph.npz")
    assert graph["func_ids"].tolist() == [0]
    assert graph["first_successor"].tolist() == [0, 0]
    assert "out_y: FAIL (4/8 elements matched)" in (wrong / "report.txt").read_text()
    assert json.loads((wrong / "record.json").read_text())["case"] == "wrong"
    assert f"python {wrong / 'reproduce.py'}" in reported.stdout


def test_crashed_case(reported: ReportedRun) -> None:
    crash = reported.kept_of("crash")
    assert np.load(crash / "inputs" / "x.npy")[0] == 2
    assert not (crash / "actual").exists()
    assert "SIGSEGV" in (crash / "report.txt").read_text()


def test_reproduce_runs_just_that_case(alone: ReportedRun) -> None:
    done = subprocess.run(
        [sys.executable, alone.kept_of("wrong") / "reproduce.py", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
    )
    assert done.returncode == 1
    assert "1 failed" in done.stdout
    assert "=> only the tail is wrong: all 4 elements from flat index 4 on" in done.stdout


def test_types_that_numpy_lacks_are_loadable(pytester: pytest.Pytester) -> None:
    directory = GoldenDir.create(pytester.path / "doubler")
    directory.golden(BFLOAT16_GOLDEN)
    directory.kernel_body("(void)args;")
    pytester.runpytest_subprocess("--sim-artifacts=kept")
    (script,) = (pytester.path / "kept").glob("doubler-default-*/reproduce.py")
    load = runpy.run_path(str(script))["load"]
    x, expected = load("inputs", "x"), load("expected", "out_y")
    assert (x.dtype, expected.dtype) == (ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16)
    assert x.astype(float).tolist() == list(range(8))
    assert expected.astype(float).tolist() == [0.5 * i for i in range(8)]
    assert np.isnan(load("actual", "out_y").astype(float)).all()


def test_names_are_file_names_and_never_collide() -> None:
    names = {directory_name(f"k/golden.py::{case}") for case in ("a/b:c*", "a_b_c_", "A_B_C_")}
    assert len({name.lower() for name in names}) == 3
    assert all(re.fullmatch(r"k-[Aa]_[Bb]_[Cc]_-[0-9a-f]{8}", name) for name in names)
    assert len(directory_name("x" * 500)) < 100


def test_directory_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    GoldenDir.create(pytester.path / "doubler").kernel_body("(void)args;")
    (pytester.path / "file").write_text("")
    result = pytester.runpytest_subprocess("--sim-artifacts=file")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["cannot be saved: *"])
