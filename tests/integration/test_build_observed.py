"""Whatever compiler, assembler and linker look for decides whether an object is taken."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.version import PACKAGE
from tests.compilers import CountingCompiler
from tests.observed_kernels import KERNEL, compile_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")

CONFIG = """
KERNELS = [{{"func_id": 0, "source": "double.cpp", "core_type": "aiv", {extra}}}]
ORCHESTRATION = {{"source": "orchestration.cpp", "function_name": "build_graph"}}
"""
ASSEMBLY = (
    '.section .rodata\n.global value\nvalue: .byte {}\n.section .note.GNU-stack,"",@progbits\n'
)


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
            id="embedded-data",
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


@pytest.mark.parametrize("library", ["as it is", "not loaded", "without functions"])
def test_a_library_that_does_not_observe_a_compiler_is_made_for_it(
    golden_dir: GoldenDir, own_cache: Path, tmp_path: Path, library: str
) -> None:
    package = tmp_path / "installed" / PACKAGE.name
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    installed = package / "building" / "observer.elf"
    sources = [package / "building" / f"observer.{end}" for end in ("cpp", "h")]
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()
    if library == "not loaded":
        installed.write_text(f"no library, but of the right sources: {digest}")
    elif library == "without functions":
        nothing = tmp_path / "nothing"
        nothing.write_text("{ local: *; };")
        options = ("-std=c++17", "-w", "-shared", "-fPIC", f"-Wl,--version-script={nothing}")
        compile_file(sources[0], installed, *options, f'-DA2A3SIM_SOURCES="{digest}"')
    kernels = golden_dir.path / "kernels"
    golden_dir.kernel(KERNEL.format(top='#define H "cfg.h"\n#include H', factor="FACTOR"))
    environment = {**os.environ, "PYTHONPATH": str(package.parent)}
    command = (sys.executable, "-m", "pytest", "-q", golden_dir.path)
    for definition, status in ((DEFINE_2, 0), (DEFINE_3, 1)):
        write("cfg.h", definition)(kernels)
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stdout
        assert "ld.so" not in done.stdout + done.stderr
    assert len(list(own_cache.rglob("*.companion"))) == (0 if library == "as it is" else 1)
