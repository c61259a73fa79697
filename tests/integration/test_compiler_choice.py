"""A compiler per directory, and another one where the first lacks what PTO ISA needs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import BuildError, run_case
from tests.compilers import CountingCompiler

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

SANITIZER_TESTS = Path(__file__).parents[1] / "sanitizer"
LACKS = """
case "$*" in
    *-E*|*x\\ c++-header*) ;;
    *.cpp*) echo "pto.hpp:7:5: error: static assertion failed: Unsupported element cmp" >&2; exit 1
esac
"""


def test_directory_names_its_compiler(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / "cache"))
    own = CountingCompiler.create(tmp_path / "own")
    sessions = CountingCompiler.create(tmp_path / "session")
    monkeypatch.setenv("CXX", str(sessions.executable))
    config = (golden_dir.path / "kernels" / "kernel_config.py").read_text()
    golden_dir.kernel_config(f"COMPILER = {str(own.executable)!r}\n{config}")
    run_case(golden_dir.path).check()
    assert own.compiled() == ["double.cpp", "orchestration.cpp"]
    assert sessions.compiled() == []
    golden_dir.kernel_config(f"COMPILER = 'no-such-g++'\n{config}")
    with pytest.raises(BuildError, match=r"'no-such-g\+\+' is not on PATH\n.* COMPILER of a kern"):
        run_case(golden_dir.path)


def test_ini_file_names_a_compiler(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(pytester.path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    compiler = CountingCompiler.create(pytester.path / "own")
    pytester.makeini(f"[pytest]\nsim_compiler = {compiler.executable}\n")
    pytester.runpytest(doubler.path).assert_outcomes(passed=1)
    assert compiler.compiled() == ["double.cpp", "orchestration.cpp"]


def test_other_compilers_are_asked_nothing_while_the_first_one_does(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = CountingCompiler.create(tmp_path / "bin")
    other.executable.rename(other.executable.with_name("g++-99"))
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{other.executable.parent}")
    monkeypatch.setenv("PTO_ISA_ROOT", str(SANITIZER_TESTS / "pto_isa" / "private"))
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("CXX", raising=False)
    run_case(golden_dir.path).check()
    assert other.runs() == []


def test_another_compiler_is_tried_before_giving_up(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = pytester.path / "pto_add"
    shutil.copytree(SANITIZER_TESTS / "pto_add", directory)
    (directory / "pto_add_golden.py").rename(directory / "golden.py")
    old = CountingCompiler.create(pytester.path / "bin", before=LACKS)
    old.executable.rename(old.executable.with_name("g++"))
    monkeypatch.setenv("PATH", f"{old.executable.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("PTO_ISA_ROOT", str(SANITIZER_TESTS / "pto_isa" / "private"))
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(pytester.path / "cache"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.delenv("CXX", raising=False)
    result = pytester.runpytest(directory)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 case compiled by */*++*, which has what PTO ISA needs"])
    old.forget()
    pytester.runpytest(directory).assert_outcomes(passed=1)
    assert old.compiled() == []

    monkeypatch.setenv("CXX", "g++")  # who names a compiler gets no other
    result = pytester.runpytest(directory)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "kernel 'ADD' does not compile: *Unsupported element cmp",
            "This compiler lacks what this version of PTO ISA needs. Its commit a41a6810 *",
            "Name one in the environment variable CXX, the ini key sim_compiler, or COMPILER of *",
        ]
    )
