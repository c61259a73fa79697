"""What makes the build cache hit and miss, shown by counting the compiler's runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_a2a3sim
from pytest_a2a3sim import BuildError, Settings, run_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.compilers import CountingCompiler
    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")

BOTH = ["double.cpp", "orchestration.cpp"]
KERNEL_WITH_HEADER = """
#include <cstdint>
#include "factor.h"

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = FACTOR * x[i];
}
"""


def kernel_config(extra: str = "") -> str:
    return f"""
KERNELS = [{{"func_id": 0, "source": "double.cpp", "core_type": "aiv", {extra}}}]
ORCHESTRATION = {{"source": "orchestration.cpp", "function_name": "build_graph"}}
RUNTIME_CONFIG = {{"block_dim": 2}}
"""


@pytest.fixture
def with_header(golden_dir: GoldenDir) -> Path:
    """The header of a kernel that finds it in the second of two directories."""
    golden_dir.kernel(KERNEL_WITH_HEADER)
    golden_dir.kernel_config(kernel_config('"include_dirs": ["first", "second"]'))
    header = golden_dir.path / "kernels" / "second" / "factor.h"
    header.parent.mkdir()
    header.write_text("#define FACTOR 2\n")
    return header


def test_unchanged_tree_runs_no_compiler(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    first = run_case(golden_dir.path)
    assert compiler.compiled() == BOTH
    assert (first.compiled, first.cache_hits) == (2, 0)
    compiler.forget()
    second = run_case(golden_dir.path)
    assert compiler.runs() == []
    assert (second.compiled, second.cache_hits) == (0, 2)
    assert second.passed


def test_touched_files_hit(
    golden_dir: GoldenDir, with_header: Path, compiler: CountingCompiler
) -> None:
    run_case(golden_dir.path)
    compiler.forget()
    for path in (with_header, *golden_dir.path.rglob("*.cpp")):
        path.touch()
    assert run_case(golden_dir.path).passed
    assert compiler.runs() == []


def test_edited_source_is_compiled(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(golden_dir.path)
    compiler.forget()
    golden_dir.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = 3 * x[i];")
    assert not run_case(golden_dir.path).passed
    assert compiler.compiled() == ["double.cpp"]


def test_edited_header_is_noticed_and_its_old_content_remembered(
    golden_dir: GoldenDir, with_header: Path, compiler: CountingCompiler
) -> None:
    assert run_case(golden_dir.path).passed
    with_header.write_text("#define FACTOR 3\n")
    assert not run_case(golden_dir.path).passed
    compiler.forget()
    with_header.write_text("#define FACTOR 2\n")
    assert run_case(golden_dir.path).passed
    assert compiler.runs() == []


def test_edit_with_the_same_size_and_modification_time(
    golden_dir: GoldenDir, with_header: Path
) -> None:
    os.utime(with_header, ns=(0, 0))
    assert run_case(golden_dir.path).passed
    with_header.write_text("#define FACTOR 3\n")
    os.utime(with_header, ns=(0, 0))
    assert not run_case(golden_dir.path).passed


def test_header_that_is_gone(golden_dir: GoldenDir, with_header: Path) -> None:
    run_case(golden_dir.path)
    with_header.unlink()
    with pytest.raises(BuildError, match=r"fatal error: factor\.h: No such file"):
        run_case(golden_dir.path)


@pytest.mark.parametrize("directory", [".", "first"])
def test_header_that_shadows_another(
    golden_dir: GoldenDir, with_header: Path, directory: str
) -> None:
    assert run_case(golden_dir.path).passed
    shadow = with_header.parents[1] / directory / "factor.h"
    shadow.parent.mkdir(exist_ok=True)
    shadow.write_text("#define FACTOR 3\n")
    assert not run_case(golden_dir.path).passed
    shadow.unlink()
    assert run_case(golden_dir.path).passed


def test_header_that_has_include_finds_later(
    golden_dir: GoldenDir, with_header: Path, compiler: CountingCompiler
) -> None:
    golden_dir.kernel(
        '#if __has_include("better.h")\n#include "better.h"\n#else\n#include "factor.h"\n#endif\n'
        + KERNEL_WITH_HEADER.replace('#include "factor.h"', "")
    )
    assert run_case(golden_dir.path).passed
    compiler.forget()
    (with_header.parent / "better.h").write_text("#define FACTOR 3\n")
    assert not run_case(golden_dir.path).passed
    assert set(compiler.compiled()) == {"double.cpp"}


def set_environment(name: str, value: str) -> Callable[..., object]:
    def change(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
        del golden_dir
        monkeypatch.setenv(name, value)

    return change


def set_config(extra: str) -> Callable[..., object]:
    def change(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
        del monkeypatch
        golden_dir.kernel_config(kernel_config(extra))

    return change


@pytest.mark.parametrize(
    ("change", "compiled"),
    [
        pytest.param(set_environment("CPATH", "/nowhere"), BOTH, id="CPATH"),
        pytest.param(set_environment("CPLUS_INCLUDE_PATH", "/x"), BOTH, id="CPLUS_INCLUDE_PATH"),
        pytest.param(set_environment("SOURCE_DATE_EPOCH", "1"), BOTH, id="SOURCE_DATE_EPOCH"),
        pytest.param(set_environment("PTO_ISA_ROOT", "/nowhere"), BOTH, id="PTO_ISA_ROOT"),
        pytest.param(set_config('"cxxflags": ["-O1"]'), BOTH[:1], id="cxxflags"),
        pytest.param(set_config('"defines": {"A": 1}'), BOTH[:1], id="defines"),
        pytest.param(set_config('"include_dirs": ["inc"]'), BOTH[:1], id="include_dirs"),
        pytest.param(set_config('"entry": "kernel_entry"'), BOTH[:1], id="entry"),
    ],
)
def test_change_of_one_part_of_the_key(
    golden_dir: GoldenDir,
    compiler: CountingCompiler,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[..., object],
    compiled: list[str],
) -> None:
    run_case(golden_dir.path)
    compiler.forget()
    change(golden_dir, monkeypatch)
    assert run_case(golden_dir.path).passed
    assert compiler.compiled() == compiled


def test_order_of_flags_matters(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(golden_dir.path, settings=Settings(cxxflags=("-DA=1", "-DB=2")))
    compiler.forget()
    run_case(golden_dir.path, settings=Settings(cxxflags=("-DB=2", "-DA=1")))
    assert compiler.compiled() == BOTH


def test_another_place_is_another_source(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(golden_dir.path)
    compiler.forget()
    moved = golden_dir.path.rename(golden_dir.path.parent / "moved")
    assert run_case(moved).passed
    assert compiler.compiled() == BOTH


def test_replaced_compiler(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(golden_dir.path)
    text = compiler.executable.read_text()
    compiler.executable.write_text(f"{text}# another build of the same version\n")
    compiler.forget()
    assert run_case(golden_dir.path).passed
    assert compiler.compiled() == BOTH


@pytest.mark.parametrize(
    ("part", "compiled"),
    [("include/host_build_graph/runtime.h", ["orchestration.cpp"]), ("native/engine_api.h", BOTH)],
)
def test_another_version_of_the_plugin(
    golden_dir: GoldenDir,
    compiler: CountingCompiler,
    tmp_path: Path,
    part: str,
    compiled: list[str],
) -> None:
    package = Path(pytest_a2a3sim.__file__).parent
    copy = shutil.copytree(package, tmp_path / "installed" / package.name)

    def run() -> None:
        script = (
            "import sys, pytest_a2a3sim as p; p.run_case(sys.argv[1]).check(); print(p.__file__)"
        )
        printed = subprocess.check_output(
            [sys.executable, "-c", script, golden_dir.path],
            cwd=copy.parent,
            text=True,
        )
        assert printed.splitlines()[-1] == str(copy / "__init__.py")

    run()
    compiler.forget()
    run()
    assert compiler.runs() == []
    with (copy / part).open("a") as file:
        file.write("// another version\n")
    run()
    assert compiler.compiled() == compiled


def test_file_that_a_flag_names(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    flags = golden_dir.path / "flags.txt"
    flags.write_text("-DA=1")
    settings = Settings(cxxflags=(f"@{flags}",))
    run_case(golden_dir.path, settings=settings)
    compiler.forget()
    flags.write_text("-DA=2")
    run_case(golden_dir.path, settings=settings)
    assert set(compiler.compiled()) == set(BOTH)


def test_header_that_changes_while_it_is_compiled_is_not_trusted(
    golden_dir: GoldenDir,
    with_header: Path,
    monkeypatch: pytest.MonkeyPatch,
    compiler: CountingCompiler,
    tmp_path: Path,
) -> None:
    edited = tmp_path / "edited"
    counting = type(compiler).create(
        tmp_path / "editing",
        before=f'case "$*" in *-c*double.cpp*) [ -e {edited} ] || '
        f"{{ touch {edited}; g++ \"$@\"; s=$?; echo '#define FACTOR 3' > {with_header}; "
        "exit $s; } ;; esac",
    )
    monkeypatch.setenv("CXX", str(counting.executable))
    assert not run_case(golden_dir.path).passed
    assert counting.compiled().count("double.cpp") >= 2
