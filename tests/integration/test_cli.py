"""The command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.cli import main

if TYPE_CHECKING:
    from tests.compilers import CountingCompiler
    from tests.golden_dirs import GoldenDir

EXAMPLES = Path(__file__).parents[2] / "examples"


def arguments(directory: GoldenDir) -> list[str]:
    return ["run", "-k", str(directory.path / "kernels"), "-g", str(directory.golden_py)]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["-m", "pytest_a2a3sim.cli", "run"], id="a2a3sim"),
        pytest.param([str(EXAMPLES / "scripts" / "run_example.py")], id="run_example"),
    ],
)
def test_paged_attention_prints_what_the_pto_runtime_printed(command: list[str]) -> None:
    example = EXAMPLES / "paged_attention"
    done = subprocess.run(
        [
            sys.executable,
            *command,
            *("-k", str(example / "kernels"), "-g", str(example / "golden.py"), "-p", "a2a3sim"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = iter(done.stdout.splitlines())
    for wanted in [
        "=== Building Runtime: host_build_graph (platform: a2a3sim) ===",
        "=== Compiling and Registering Kernels ===",
        f"Compiling kernel: {example}/kernels/aic/aic_qk_matmul.cpp (func_id=0)",
        f"Compiling kernel: {example}/kernels/aiv/aiv_softmax_prepare.cpp (func_id=1)",
        f"Compiling kernel: {example}/kernels/aic/aic_pv_matmul.cpp (func_id=2)",
        f"Compiling kernel: {example}/kernels/aiv/aiv_online_update.cpp (func_id=3)",
        "=== build_paged_attention_graph (multi-head per task) ===",
        "batch=2, num_heads=16, kv_head_num=1, head_dim=128",
        "block_size=64, block_num=4",
        "Created 32 tasks",
        "=== Comparing Results ===",
        "Comparing out: shape=(4096,), dtype=float32",
        "  out: PASS (4096/4096 elements matched)",
        "",
        "=" * 60,
        "TEST PASSED",
        "=" * 60,
    ]:
        assert wanted in lines, f"{wanted!r} is missing, or out of order, in:\n{done.stdout}"


def test_mismatch(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    golden_dir.kernel_body("y[0] = 1;")
    assert main(arguments(golden_dir)) == 1
    out, err = capfd.readouterr()
    assert "  out_y: FAIL (0/8 elements matched)" in out
    assert "TEST FAILED" in out
    assert "failed cases: default" in err


def test_silent_prints_errors_only(
    golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments(golden_dir), "--silent"]) == 0
    assert capfd.readouterr().out == ""
    golden_dir.kernel_body('throw std::runtime_error("no");')
    assert main([*arguments(golden_dir), "--log-level", "error"]) == 1
    assert "case 'default': kernel-exception: a C++ exception left" in capfd.readouterr().out


def test_verbose(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(golden_dir), "-v"]) == 0
    assert "1 tasks, 0 edges; milliseconds: build" in capfd.readouterr().out


def test_cases(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    golden_dir.extend_golden("ALL_CASES = {'Default': {}, 'B': {}}")
    assert main(arguments(golden_dir)) == 0
    assert "Running Case: B" not in capfd.readouterr().out
    assert main([*arguments(golden_dir), "--all-cases"]) == 0
    assert "Running Case: B" in capfd.readouterr().out
    assert main([*arguments(golden_dir), "--case", "B"]) == 0
    assert "Running Case: Default" not in capfd.readouterr().out
    assert main([*arguments(golden_dir), "--case", "C"]) == 1
    assert "has no case 'C'; its cases: 'Default', 'B'" in capfd.readouterr().err


def test_hardware_is_refused(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments(golden_dir), "-p", "a2a3"]) == 1
    assert (
        "platform 'a2a3' is the hardware, and this project simulates it" in capfd.readouterr().err
    )


def test_bad_golden(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    golden_dir.golden("")
    assert main(arguments(golden_dir)) == 1
    assert "a2a3sim: error: golden.py: generate_inputs is missing" in capfd.readouterr().err


def test_options_of_the_simulation(
    golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]
) -> None:
    body = "for (int64_t i = 0; i < args[2]; ++i) y[i] = FACTOR * x[i];"
    golden_dir.kernel_body(body)
    assert main([*arguments(golden_dir), "--cxxflags=-DFACTOR=2 -Wall", "--isolation=none"]) == 0
    golden_dir.kernel_body("for (volatile bool forever = true; forever;) {}")
    assert main([*arguments(golden_dir), "--hang-timeout=1"]) == 1
    assert "the graph hangs: no task started or finished" in capfd.readouterr().out
    assert main([*arguments(golden_dir), "--timeout=1", "--hang-timeout=600"]) == 1
    assert "the graph was still running after 1 s" in capfd.readouterr().out
    golden_dir.orchestration_body("return api.device_malloc(8 << 20) == nullptr ? 3 : 0;")
    assert main([*arguments(golden_dir), "--device-memory=4M"]) == 1
    assert "the simulated device is full: call 3 of device_malloc" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--threads=0", "--threads must be an int, at least 1, or 'cores'; got '0'"),
        ("--isolation=thread", "--isolation must be process, fork or none; got 'thread'"),
        ("--device-memory=much", "--device-memory must be a size above 0, such as 500M or 2G"),
    ],
)
def test_bad_value(
    golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str], option: str, message: str
) -> None:
    assert main([*arguments(golden_dir), option]) == 1
    assert f"a2a3sim: error: {message}" in capfd.readouterr().err


def test_rebuild(golden_dir: GoldenDir, own_cache: Path, compiler: CountingCompiler) -> None:
    assert main(arguments(golden_dir)) == 0
    compiler.forget()
    assert main(arguments(golden_dir)) == 0
    assert compiler.compiled() == []
    assert main([*arguments(golden_dir), "--rebuild"]) == 0
    assert compiler.compiled() == ["double.cpp", "orchestration.cpp"]
