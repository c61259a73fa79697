"""What no file tells: the time, the CPU, what scripts and static compilers read.

It is observed, or the object is not kept, and `a2a3sim cache explain` says why.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.building.store import inputs
from pytest_a2a3sim.cli import main
from tests.observed_kernels import KERNEL, compile_file

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")


def explain(capsys: pytest.CaptureFixture[str], golden_dir: GoldenDir) -> str:
    capsys.readouterr()
    assert main(["cache", "explain", str(golden_dir.path / "kernels" / "double.cpp")]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("macro", ["__DATE__", "__TIME__", "__TIMESTAMP__"])
@pytest.mark.parametrize("program", ["g++", "clang++"])
def test_time_of_compilation_is_not_kept(
    golden_dir: GoldenDir,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    program: str,
    macro: str,
) -> None:
    monkeypatch.setenv("CXX", program)
    golden_dir.kernel(KERNEL.format(top=f"#define NOW {macro}\n", factor="NOW[0] ? 2 : 0"))
    assert run_case(golden_dir.path).compiled == 2
    assert run_case(golden_dir.path).compiled == 1
    assert (
        "would be compiled now:\n    it is not kept: it contains the time at which it is compiled"
        in explain(capsys, golden_dir)
    )
    golden_dir.kernel(KERNEL.format(top=f"#define NOW {macro}\n", factor="2"))
    run_case(golden_dir.path)
    assert run_case(golden_dir.path).compiled == 0
    assert "would be taken from the cache" in explain(capsys, golden_dir)


def test_time_that_the_environment_sets_is_kept(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "g++")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    golden_dir.kernel(KERNEL.format(top="", factor="__DATE__[0] ? 2 : 0"))
    run_case(golden_dir.path)
    assert run_case(golden_dir.path).compiled == 0


def test_file_that_a_script_reads_before_the_compiler(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tmp_path / "settings"
    settings.write_text("FLAGS=-DFACTOR=2\n")
    script = tmp_path / "compiler"
    script.write_text(f'#!/bin/sh\n. {settings}\nexec g++ "$@" $FLAGS\n')
    script.chmod(0o755)
    monkeypatch.setenv("CXX", str(script))
    golden_dir.kernel(KERNEL.format(top="", factor="FACTOR"))
    assert run_case(golden_dir.path).passed
    assert run_case(golden_dir.path).compiled == 0
    settings.write_text("FLAGS=-DFACTOR=3\n")
    assert not run_case(golden_dir.path).passed


def test_compiler_that_a_script_finds_on_the_path(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for factor in (2, 3):
        found = tmp_path / f"bin{factor}" / "inner"
        found.parent.mkdir()
        found.write_text(f'#!/bin/sh\nexec g++ "$@" -DFACTOR={factor}\n')
        found.chmod(0o755)
    script = tmp_path / "compiler"
    script.write_text('#!/bin/sh\nexec inner "$@"\n')
    script.chmod(0o755)
    golden_dir.kernel(KERNEL.format(top="", factor="FACTOR"))
    monkeypatch.setenv("CXX", str(script))
    usual = os.environ["PATH"]
    monkeypatch.setenv("PATH", f"{tmp_path}/bin2:{tmp_path}/bin3:{usual}")
    assert run_case(golden_dir.path).passed
    monkeypatch.setenv("PATH", f"{tmp_path}/bin3:{tmp_path}/bin2:{usual}")
    assert not run_case(golden_dir.path).passed


def test_compiler_that_cannot_be_observed(
    golden_dir: GoldenDir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, program = tmp_path / "static.cpp", tmp_path / "static-g++"
    source.write_text(
        f'#include <unistd.h>\n#define G "{shutil.which("g++")}"\n'
        "int main(int, char** words) { words[0] = (char*)G; return execv(G, words); }\n"
    )
    compile_file(source, program, "-static")
    monkeypatch.setenv("CXX", str(program))
    assert run_case(golden_dir.path).compiled == 2
    assert run_case(golden_dir.path).compiled == 2
    assert f"it is not kept: nobody can tell what {program} reads" in explain(capsys, golden_dir)


@pytest.mark.parametrize("flags", [("-march=native",), ("@{kernels}/flags.txt",)])
def test_flags_that_ask_for_this_cpu(
    golden_dir: GoldenDir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
) -> None:
    kernels = golden_dir.path / "kernels"
    (kernels / "flags.txt").write_text("-march=native")
    settings = Settings(cxxflags=tuple(flag.format(kernels=kernels) for flag in flags))
    run_case(golden_dir.path, settings=settings)
    assert run_case(golden_dir.path, settings=settings).compiled == 0
    other = tmp_path / "cpuinfo"
    other.write_text("flags : none\n")
    monkeypatch.setattr(inputs, "CPU_FILE", other)
    assert run_case(golden_dir.path, settings=settings).compiled == 2


def test_path_with_spaces(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "with space: colon"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert run_case(golden_dir.path).compiled == 2
    assert run_case(golden_dir.path).compiled == 0


def test_incbin_behind_a_launcher_is_not_kept(
    golden_dir: GoldenDir,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if shutil.which("ccache") is None:
        pytest.skip("ccache is not installed")
    monkeypatch.setenv("CXX", "ccache g++")
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "ccache"))
    data = tmp_path / "data"
    data.write_text("2")
    top = (
        f'asm(".section .rodata\\nblob: .incbin \\"{data}\\"\\n.text\\n.global blob");\n'
        'extern "C" const char blob[];'
    )
    golden_dir.kernel(KERNEL.format(top=top, factor="blob[0] - '0'"))
    assert run_case(golden_dir.path).passed
    assert "not kept: the assembler reads further files" in explain(capsys, golden_dir)
    data.write_text("3")
    assert not run_case(golden_dir.path).passed
