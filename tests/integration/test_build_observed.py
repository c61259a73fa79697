"""Whatever compiler, assembler and linker look for decides whether an object is taken."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.building.store import inputs
from pytest_a2a3sim.cli import main
from tests.compilers import CountingCompiler

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")

KERNEL = """
#include <cstdint>
{top}
extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = ({factor}) * x[i];
}}
"""
CONFIG = """
KERNELS = [{{"func_id": 0, "source": "double.cpp", "core_type": "aiv", {extra}}}]
ORCHESTRATION = {{"source": "orchestration.cpp", "function_name": "build_graph"}}
"""
ASSEMBLY = (
    '.section .rodata\n.global value\nvalue: .byte {}\n.section .note.GNU-stack,"",@progbits\n'
)


def compile_file(source: Path, output: Path, *options: str) -> None:
    subprocess.run(["g++", *options, "-x", "c++", source, "-o", output], check=True)


def make_archive(directory: Path, factor: int) -> None:
    directory.mkdir(exist_ok=True)
    source, compiled = directory / "val.cpp", directory / "val.o"
    source.write_text(f'extern "C" int val() {{ return {factor}; }}\n')
    compile_file(source, compiled, "-c", "-fPIC")
    archive = directory / "libval.a"
    archive.unlink(missing_ok=True)
    subprocess.run(["ar", "rcs", archive, compiled], check=True)
    compiled.unlink()


def write(name: str, text: str) -> Callable[[Path], object]:
    def change(directory: Path) -> None:
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    return change


HAS_INCLUDE = """
#define H "cfg.h"
#if {test}
#include "cfg.h"
#else
#define FACTOR 2
#endif
"""
DEFINE_2, DEFINE_3 = "#define FACTOR 2\n", "#define FACTOR 3\n"


@pytest.mark.parametrize(
    ("top", "factor", "flags", "before", "after"),
    [
        pytest.param(
            'asm(".section .rodata\\nblob: .incbin \\"data.txt\\"\\n.text\\n'
            '.global blob");\nextern "C" const char blob[];',
            "blob[0] - '0'",
            ("-Wa,-I,{kernels}",),
            write("data.txt", "2"),
            write("data.txt", "3"),
            id="bld_embed_data",
        ),
        pytest.param(
            'asm(".include \\"value.s\\"\\n.text");\nextern "C" const char value[];',
            "value[0]",
            ("-Wa,-I,{kernels}",),
            write("value.s", ASSEMBLY.format(2)),
            write("value.s", ASSEMBLY.format(3)),
            id="assembler_include",
        ),
        pytest.param(
            'extern "C" int val();',
            "val()",
            ("-L{kernels}", "-lval"),
            lambda directory: make_archive(directory, 2),
            lambda directory: make_archive(directory, 3),
            id="static_library_by_l",
        ),
        pytest.param(
            'extern "C" int val();',
            "val()",
            ("-L{kernels}/nearer", "-L{kernels}", "-l:libval.a"),
            lambda directory: make_archive(directory, 2),
            lambda directory: make_archive(directory / "nearer", 3),
            id="library_in_a_nearer_directory",
        ),
        pytest.param(
            "",
            "FACTOR",
            ("@{kernels}/outer.txt",),
            lambda directory: [
                (directory / "outer.txt").write_text(f"@{directory}/inner.txt"),
                (directory / "inner.txt").write_text("-DFACTOR=2"),
            ],
            write("inner.txt", "-DFACTOR=3"),
            id="nested_response_file",
        ),
        pytest.param(
            '#define H "cfg.h"\n#include H\n',
            "FACTOR",
            ("-I{kernels}/far",),
            write("far/cfg.h", DEFINE_2),
            write("cfg.h", DEFINE_3),
            id="computed_include",
        ),
        pytest.param(
            '#include /* c */ "cfg.h"\n',
            "FACTOR",
            ("-I{kernels}/far",),
            write("far/cfg.h", DEFINE_2),
            write("cfg.h", DEFINE_3),
            id="comment_before_the_name",
        ),
        pytest.param(
            '#inc\\\nlude "cfg.h"\n',
            "FACTOR",
            ("-I{kernels}/far",),
            write("far/cfg.h", DEFINE_2),
            write("cfg.h", DEFINE_3),
            id="directive_over_two_lines",
        ),
        pytest.param(
            HAS_INCLUDE.format(test='__has_include( \\\n "cfg.h")'),
            "FACTOR",
            (),
            lambda _: None,
            write("cfg.h", DEFINE_3),
            id="has_include_over_two_lines",
        ),
        pytest.param(
            HAS_INCLUDE.format(test="__has_include(H)"),
            "FACTOR",
            (),
            lambda _: None,
            write("cfg.h", DEFINE_3),
            id="has_include_of_a_macro",
        ),
        pytest.param(
            HAS_INCLUDE.format(test="__has_include(<cfg.h>)"),
            "FACTOR",
            ("-isystem{kernels}/made_later", "-I{kernels}"),
            lambda _: None,
            write("made_later/cfg.h", DEFINE_3),
            id="directory_that_is_made_later",
        ),
    ],
)
@pytest.mark.parametrize("program", ["g++", "clang++"])
def test_change_is_noticed(  # noqa: PLR0913, PLR0917 - a table
    golden_dir: GoldenDir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    top: str,
    factor: str,
    flags: tuple[str, ...],
    before: Callable[[Path], object],
    after: Callable[[Path], object],
) -> None:
    counting = CountingCompiler.create(tmp_path / "compiler", program)
    monkeypatch.setenv("CXX", str(counting.executable))
    kernels = golden_dir.path / "kernels"
    named = [flag.format(kernels=kernels) for flag in flags]
    golden_dir.kernel_config(CONFIG.format(extra=f'"cxxflags": {named!r}'))
    golden_dir.kernel(KERNEL.format(top=top, factor=factor))
    before(kernels)
    assert run_case(golden_dir.path).passed
    counting.forget()
    assert run_case(golden_dir.path).passed
    assert counting.runs() == []
    after(kernels)
    assert not run_case(golden_dir.path).passed
    counting.forget()
    assert not run_case(golden_dir.path).passed
    assert counting.runs() == []


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
