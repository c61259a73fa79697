"""--sim-artifacts: everything about a failed case, loadable, and a script that runs it again."""

from __future__ import annotations

import runpy
import subprocess
import sys
from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
import pytest

from tests.golden_dirs import GoldenDir
from tests.integration import outcomes

if TYPE_CHECKING:
    from pathlib import Path

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


def saved(directory: Path, case: str) -> Path:
    (found,) = directory.glob(f"doubler-{case}-*")
    return found


@pytest.mark.parametrize("workers", ["-n0", "-n2"])
def test_failed_cases_only(pytester: pytest.Pytester, workers: str) -> None:
    outcomes.create(pytester.path / "doubler")
    result = pytester.runpytest("--sim-artifacts=kept", workers)
    kept = pytester.path / "kept"
    assert len(list(kept.iterdir())) == 3

    wrong = saved(kept, "wrong")
    np.testing.assert_array_equal(np.load(wrong / "inputs" / "x.npy")[:3], [1, 1, 2])
    assert np.load(wrong / "actual" / "out_y.npy")[1].tolist() == [0, 0, 0, 0]
    assert np.load(wrong / "expected" / "out_y.npy")[1].tolist() == [8, 10, 12, 14]
    assert np.load(wrong / "timeline.npy").shape == (1,)
    assert "out_y: FAIL (4/8 elements matched)" in (wrong / "report.txt").read_text()
    result.stdout.fnmatch_lines([f"*python {wrong / 'reproduce.py'}"])

    crash = saved(kept, "crash")
    assert np.load(crash / "inputs" / "x.npy")[0] == 2
    assert not (crash / "actual").exists()
    assert "SIGSEGV" in (crash / "report.txt").read_text()


def test_reproduce_runs_just_that_case(pytester: pytest.Pytester) -> None:
    outcomes.create(pytester.path / "doubler")
    pytester.runpytest("--sim-artifacts=kept", "-k", "wrong")
    done = subprocess.run(
        [
            sys.executable,
            saved(pytester.path / "kept", "wrong") / "reproduce.py",
            "-p",
            "no:cacheprovider",
        ],
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
    pytester.runpytest("--sim-artifacts=kept")
    script = saved(pytester.path / "kept", "default") / "reproduce.py"
    load = runpy.run_path(str(script))["load"]
    x, expected = load("inputs", "x"), load("expected", "out_y")
    assert (x.dtype, expected.dtype) == (ml_dtypes.float8_e4m3fn, ml_dtypes.bfloat16)
    assert x.astype(float).tolist() == list(range(8))
    assert expected.astype(float).tolist() == [0.5 * i for i in range(8)]
    assert np.isnan(load("actual", "out_y").astype(float)).all()


def test_names_of_tensors_and_cases_are_file_names(pytester: pytest.Pytester) -> None:
    directory = GoldenDir.create(pytester.path / "doubler")
    directory.extend_golden('PARAMS_LIST = [{"name": "a/b:c*"}, {"name": "a_b_c_"}]')
    directory.kernel_body("(void)args;")
    pytester.runpytest("--sim-artifacts=kept")
    assert len(list((pytester.path / "kept").glob("doubler-a_b_c_-*"))) == 2


def test_directory_that_cannot_be_written(pytester: pytest.Pytester) -> None:
    outcomes.create(pytester.path / "doubler")
    (pytester.path / "file").write_text("")
    result = pytester.runpytest("--sim-artifacts=file", "-k", "wrong")
    result.assert_outcomes(failed=1, deselected=3)
    result.stdout.fnmatch_lines(["cannot be saved: *"])
