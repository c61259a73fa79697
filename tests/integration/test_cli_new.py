"""``a2a3sim new`` writes directories that pass; ``doctor``, ``completion``, and a closed pipe."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.cli import main
from pytest_a2a3sim.model.spec import RUNTIMES

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

DTYPES = (*("float32", "float16", "bfloat16", "float8_e4m3fn", "float8_e5m2", "int32", "int8"),)
TEMPLATES = ("vector", "matmul")
STAND_IN = Path(__file__).parents[1] / "sanitizer" / "pto_isa" / "private"


def test_what_it_writes_passes(
    pytester: pytest.Pytester, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ml_dtypes")
    for template, dtype in itertools.product(TEMPLATES, DTYPES):
        name = str(pytester.path / f"{template}-{dtype}")
        assert main(["new", name, "--template", template, "--dtype", dtype]) == 0
        assert f"Run it: pytest {name} -v" in capsys.readouterr().out
    for runtime, dtype in itertools.product(RUNTIMES[1:], ("float32", "bfloat16")):
        name = str(pytester.path / f"{runtime}-{dtype}")
        assert main(["new", name, "--runtime", runtime, "--dtype", dtype]) == 0
    result = pytester.runpytest_subprocess("-n2", "-W", "error")
    result.assert_outcomes(passed=len(DTYPES) * (3 + 2) + 2 * 2 * 3)


CONVERTED = """
import ml_dtypes
import numpy as np

RTOL = ATOL = 0


def generate_inputs(params):
    with np.errstate(all="ignore"):
        x = np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32)
        above = np.nextafter(x, np.float32(np.inf))
        x = np.concatenate([x, above, x * np.float32(1e-4), x * np.float32(1e4)])
    return {"x": x, "out_y": np.zeros_like(x)}


def compute_golden(tensors, params):
    with np.errstate(all="ignore"):
        dtype = getattr(ml_dtypes, params["dtype"])
        tensors["out_y"][:] = tensors["x"].astype(dtype).astype(np.float32)
"""


@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "float8_e5m2"])
def test_conversions_are_those_of_ml_dtypes(golden_dir: GoldenDir, dtype: str) -> None:
    pytest.importorskip("ml_dtypes")
    made = golden_dir.path.parent / "new"
    assert main(["new", str(made), "--dtype", dtype]) == 0
    golden_dir.add("kernels/types.h", (made / "kernels" / "types.h").read_text())
    golden_dir.golden(CONVERTED)
    golden_dir.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = widen(narrow(x[i]));")
    kernel = golden_dir.path / "kernels" / "double.cpp"
    kernel.write_text(f'#include "types.h"\n{kernel.read_text()}')
    run_case(golden_dir.path, params={"dtype": dtype}).check()


def test_kernel_of_pto_isa(
    pytester: pytest.Pytester,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PTO_ISA_ROOT", raising=False)
    assert main(["new", "float32", "--template", "pto"]) == 0
    said = capsys.readouterr()
    assert "Run it: pytest float32 -v" in said.out
    assert said.err.startswith("It needs PTO ISA, and nothing says where it is: git clone https://")
    monkeypatch.setenv("PTO_ISA_ROOT", str(pytester.path))
    assert main(["new", "int32", "--template", "pto", "--dtype", "int32"]) == 0
    assert f"PTO_ISA_ROOT is {pytester.path}, where there is none" in capsys.readouterr().err
    monkeypatch.setenv("PTO_ISA_ROOT", str(STAND_IN))
    assert main(["new", "missing", "--template", "pto"]) == 0
    assert capsys.readouterr().err == ""
    result = pytester.runpytest_subprocess("float32", "int32", "-Werror")
    result.assert_outcomes(passed=4)
    pytester.runpytest("float32", "--sim-sanitize=all").assert_outcomes(passed=2)
    kernel = pytester.path / "missing" / "kernels" / "aiv" / "add.cpp"
    lines = kernel.read_text().splitlines()
    kernel.write_text("\n".join(line for line in lines if "wait_flag(PIPE_MTE3" not in line))
    result = pytester.runpytest("missing", "--sim-sanitize=racecheck", "-k", "tiles:5")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*racecheck WAR*"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--runtime", "other"], "--runtime must be one that is simulated\n  host_"),
        (
            ["--template", "matmul", "--runtime", "aicpu_build_graph"],
            "--template must be vector with --runtime aicpu_build_graph; got 'matmul'",
        ),
        (
            ["--dtype", "float8_e5m2", "--runtime", "tensormap_and_ringbuffer"],
            "whose tensors have no others; got 'float8_e5m2'",
        ),
        (
            ["--template", "pto", "--dtype", "int8"],
            "--dtype must be one of float32, float16, int",
        ),
    ],
)
def test_what_there_is_none_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["new", str(tmp_path / "mine"), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_what_is_there_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").write_text("")
    assert main(["new", str(tmp_path)]) == 1
    assert f"the directory exists and is not empty\n  {tmp_path}\n" in capsys.readouterr().err
    assert main(["new", str(tmp_path / "mine" / "below")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["mine"]


def test_run_takes_a_directory(golden_dir: GoldenDir, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(golden_dir.path)]) == 0
    assert "TEST PASSED" in capsys.readouterr().out
    assert main(["run"]) == 1
    assert "name a golden directory or its golden.py, as in\n  `a2a3sim run DIR`" in (
        capsys.readouterr().err
    )
    assert main(["run", str(golden_dir.path), "-g", str(golden_dir.golden_py)]) == 1
    assert "not both" in capsys.readouterr().err


def test_nobody_reads_on(golden_dir: GoldenDir) -> None:
    run = f"{sys.executable} -m pytest_a2a3sim run {golden_dir.path}"
    done = subprocess.run(
        ["bash", "-c", f"{run} | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "141\n"
    assert done.stderr == ""


def test_doctor(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "ok       compiler: " in printed
    assert "PTO ISA: " in printed
    monkeypatch.setenv("CXX", "no-such-compiler")
    assert main(["doctor"]) == 1
    assert "missing  compiler: " in capsys.readouterr().out


def test_completion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    complete = (
        f"{script}\nCOMP_WORDS=(a2a3sim $1 $2) COMP_CWORD=$3; _a2a3sim; echo ${{COMPREPLY[@]}}"
    )
    for words, found in (
        (("run", "--sch", "2"), "--schedule"),
        (("cache", "expl", "2"), "explain"),
        (("doc", "", "1"), "doctor"),
    ):
        done = subprocess.run(
            ["bash", "-c", complete, "bash", *words], capture_output=True, text=True, check=True
        )
        assert done.stdout.split()[:1] == [found]
    assert main(["completion", "zsh"]) == 0
    assert "bashcompinit" in capsys.readouterr().out


def test_summary_line_says_what_and_how_much(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.kernel_body("for (int i = 0; i < 8; ++i) y[i] = -2 * x[i];")
    result = pytester.runpytest(*plugin_args)
    result.stdout.fnmatch_lines(
        ["FAILED doubler/golden.py::default - out_y 7/8: sign flipped in out_y*"]
    )
    doubler.kernel_body("for (int i = 0; i < 8; ++i) y[i] = 2 * x[i] + (i == 3);")
    result = pytester.runpytest(*plugin_args)
    result.stdout.fnmatch_lines(["FAILED doubler/golden.py::default - out_y 1/8: largest error 1"])
