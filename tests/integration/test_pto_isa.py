"""PTO ISA, whose headers kernels may include: where it is, and what is said where it is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SANITIZER_TESTS = Path(__file__).parents[1] / "sanitizer"
STAND_IN = SANITIZER_TESTS / "pto_isa" / "private"


@pytest.fixture
def pto_add(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A golden directory with a kernel on PTO ISA, which the environment does not name."""
    monkeypatch.delenv("PTO_ISA_ROOT", raising=False)
    directory = pytester.path / "pto_add"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SANITIZER_TESTS / "pto_add", directory, ignore=ignored)
    (directory / "pto_add_golden.py").rename(directory / "golden.py")
    return directory


@pytest.mark.usefixtures("pto_add")
def test_missing(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "kernel 'ADD' does not compile: *pto/pto-inst.hpp*",
            "<pto/pto-inst.hpp> is a header of PTO ISA, the tile instructions of Ascend.",
            "Get it with: git clone https://github.com/hw-native-sys/pto-isa",
            "and set the environment variable PTO_ISA_ROOT, or the ini key sim_pto_isa_root, *",
            "Its commit a41a6810 (2026-03-01) compiles with g++ 12 to 15, *",
        ]
    )


@pytest.mark.usefixtures("pto_add")
def test_root_without_headers(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsim_pto_isa_root = empty\n")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    where = pytester.path / "empty"
    result.stdout.fnmatch_lines(
        [f"PTO_ISA_ROOT is {where}, where there is no include/pto/pto-inst.hpp."]
    )


@pytest.mark.usefixtures("pto_add")
def test_ini_key_is_relative_to_the_root_directory(pytester: pytest.Pytester) -> None:
    (pytester.path / "pto_isa").symlink_to(STAND_IN)
    pytester.makeini("[pytest]\nsim_pto_isa_root = pto_isa\n")
    pytester.runpytest("--sim-sanitize=all").assert_outcomes(passed=1)


def test_environment_goes_before_the_ini_file(
    pytester: pytest.Pytester, pto_add: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nsim_pto_isa_root = empty\n")
    monkeypatch.setenv("PTO_ISA_ROOT", str(STAND_IN))
    pytester.runpytest(pto_add).assert_outcomes(passed=1)


@pytest.mark.usefixtures("pto_add")
def test_unknown_chip(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--sim-core-memory=a9")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.lines[0] == (
        "ERROR: --sim-core-memory must be one of a2a3, a5, generous; got 'a9'"
    )


def test_another_chip_has_other_rules(
    pytester: pytest.Pytester, pto_add: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A5 has more on-chip memory, and its vector instructions wait for one another."""
    kernel = pto_add / "kernels" / "aiv" / "add.cpp"
    source = kernel.read_text()
    source = source.replace("TASSIGN(sum, 0x800)", "TASSIGN(sum, 0x30000)")
    source = source.replace("TADD(sum, a, b);", "TADD(sum, a, b);\n    TADD(sum, sum, sum);")
    kernel.write_text(source)
    golden = pto_add / "golden.py"
    golden.write_text(golden.read_text().replace('= tensors["x"]', '= 2 * tensors["x"]'))
    golden.write_text(golden.read_text().replace('+ tensors["y"]', '+ 2 * tensors["y"]'))
    monkeypatch.setenv("PTO_ISA_ROOT", str(STAND_IN))
    monkeypatch.setenv("COLUMNS", "400")
    pytester.runpytest("--sim-sanitize=all", "--sim-core-memory=a5").assert_outcomes(passed=1)
    result = pytester.runpytest("--sim-sanitize=all")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "memcheck: task 0 (ADD) places a tile of 1,024 bytes at 0x30000 in UB, *",
            "  UB has 196,608 bytes (192 KiB); --sim-core-memory names the chip",
            "racecheck: RAW race inside task 0 (ADD) on UB bytes *: TADD and TADD on pipe V, *",
        ]
    )


def test_tasks_of_one_kernel_are_looked_into_apart(
    pytester: pytest.Pytester, pto_add: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orchestration = pto_add / "kernels" / "orchestration" / "add_orch.cpp"
    chain = """
    for (int task = 0; task < 64; ++task) {
        if (runtime->add_task(task_args, 3, 0, CoreType::AIV) != task) return -1;
        if (task > 0) runtime->add_successor(task - 1, task);
    }
    return 0;
"""
    head, _, _ = orchestration.read_text().partition("    return runtime->add_task")
    orchestration.write_text(f"{head}{chain}}}\n")
    monkeypatch.setenv("PTO_ISA_ROOT", str(STAND_IN))
    result = pytester.runpytest("--sim-sanitize=all")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*64 tasks*"])


def test_what_versions_of_early_2026_lack(
    pytester: pytest.Pytester, pto_add: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Generated kernels use masks, and the control register is in headers that clang reads."""
    kernel = pto_add / "kernels" / "aiv" / "add.cpp"
    before = "    TADD(sum, a, b);"
    calls = """
#ifndef __DAV_VEC__
#error "a kernel for a vector core"
#endif
    set_mask_norm();
    set_vector_mask(-1, -1);
    set_ctrl(sbitset0(sbitset1(get_ctrl(), 46), 46));
    set_flag(PIPE_V, PIPE_MTE3, EVENT_ID7);
    wait_flag(PIPE_V, PIPE_MTE3, EVENT_ID7);
"""
    source = kernel.read_text()
    assert before in source
    kernel.write_text(source.replace(before, f"{calls}{before}"))
    monkeypatch.setenv("PTO_ISA_ROOT", str(STAND_IN))
    for compiler in ("g++", "clang++-19"):
        if shutil.which(compiler):
            monkeypatch.setenv("CXX", compiler)
            pytester.runpytest().assert_outcomes(passed=1)
