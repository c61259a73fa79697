"""Kernels that begin with the same heavy includes are one translation unit, and share nothing."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.building import groups, merging
from pytest_a2a3sim.model.errors import A2A3SimError, BuildError, KernelFault
from tests.compilers import CountingCompiler
from tests.golden_dirs import ORCHESTRATION

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

HEAVY = """
#pragma once
#include <cstdint>
#include <vector>
inline int& calls() { static int count = 0; return count; }
inline int scale(int x) { return 2 * x; }
#define HAS_NOTHING __has_include("nothing.h")
"""
# Both kernels have a helper of the same name; the first one doubles, the second adds one.
FIRST = """#include "heavy.h"
static float help(float x) { return static_cast<float>(scale(1)) * x; }
extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    calls() += 1;
    for (int64_t i = 0; i < args[2]; ++i) y[i] = help(x[i]);
}
"""
SECOND = """#include "heavy.h"
static float help(float y) { return y + static_cast<float>(calls()); }
extern "C" void kernel_entry(int64_t* args) {
    float* y = reinterpret_cast<float*>(args[1]);
    calls() += 1;
    for (int64_t i = 0; i < args[2]; ++i) y[i] = help(y[i]);
}
"""
ONE_TASK = "runtime->add_task(task, 3, 0, CoreType::AIV);"
TWO_TASKS = """int first = runtime->add_task(task, 3, 0, CoreType::AIV);
    int second = runtime->add_task(task, 3, 1, CoreType::AIV);
    runtime->add_successor(first, second);"""
GOLDEN = """
def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"] + 1
"""


@pytest.fixture
def pair(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> GoldenDir:
    """Two kernels on one CPU, whose common header is heavy enough."""
    monkeypatch.setattr(groups, "usable_cpus", lambda: 1)
    monkeypatch.setattr(merging, "HEAVY_BYTES", 50_000)
    golden_dir.kernel_config(
        """
        KERNELS = [
            {"func_id": 0, "source": "first.cpp", "core_type": "aiv"},
            {"func_id": 1, "source": "second.cpp", "core_type": "aiv"},
        ]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    golden_dir.kernel(HEAVY, "heavy.h")
    golden_dir.kernel(FIRST, "first.cpp")
    golden_dir.kernel(SECOND, "second.cpp")
    golden_dir.orchestration(ORCHESTRATION.replace(ONE_TASK, TWO_TASKS))
    golden_dir.extend_golden(GOLDEN)
    return golden_dir


def edit(directory: GoldenDir, name: str, old: str, new: str) -> None:
    source = (directory.path / "kernels" / name).read_text()
    assert old in source
    directory.kernel(source.replace(old, new), name)


@pytest.mark.usefixtures("own_cache")
def test_one_compilation_and_nothing_shared(pair: GoldenDir, compiler: CountingCompiler) -> None:
    result = run_case(pair.path)
    result.check()
    assert compiler.compiled() == ["orchestration.cpp", "together.ii"]
    assert result.facts.compiled == 3
    compiler.forget()
    assert run_case(pair.path).passed
    assert compiler.compiled() == []


@pytest.mark.usefixtures("own_cache")
def test_clang(pair: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = (f"clang++-{version}" for version in range(22, 15, -1))
    clang = next(filter(shutil.which, names), None)
    if clang is None:
        pytest.skip("no clang++ of 16 to 22")
    compiler = CountingCompiler.create(tmp_path / "clang", clang)
    monkeypatch.setenv("CXX", str(compiler.executable))
    run_case(pair.path).check()
    assert compiler.compiled() == ["orchestration.cpp", "together.ii"]


@pytest.mark.usefixtures("own_cache")
def test_edited_kernel_is_compiled_alone(pair: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(pair.path)
    compiler.forget()
    edit(pair, "first.cpp", "* x;", "* x + 0;")
    assert run_case(pair.path).passed
    assert compiler.compiled() == ["first.cpp"]


@pytest.mark.usefixtures("own_cache")
def test_edited_header_changes_both(pair: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(pair.path)
    compiler.forget()
    edit(pair, "heavy.h", "return 2 * x", "return 3 * x")
    assert not run_case(pair.path).passed
    assert compiler.compiled().count("together.ii") == 1


@pytest.mark.usefixtures("own_cache")
def test_header_that_appears_beside_a_kernel(pair: GoldenDir, compiler: CountingCompiler) -> None:
    elsewhere = pair.path / "kernels" / "include"
    elsewhere.mkdir()
    (pair.path / "kernels" / "heavy.h").rename(elsewhere / "heavy.h")
    config = (pair.path / "kernels" / "kernel_config.py").read_text()
    pair.kernel_config(config.replace('"aiv"', '"aiv", "include_dirs": ["include"]'))
    assert run_case(pair.path).passed
    assert "together.ii" in compiler.compiled()
    pair.kernel(HEAVY.replace("2 * x", "3 * x"), "heavy.h")
    assert not run_case(pair.path).passed


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("static float help", "static float scale", id="name of the header"),
        pytest.param("static float help", "static int state;\nstatic float help", id="variable"),
        pytest.param("static float help", "#define NONE\nstatic float help", id="macro of its own"),
        pytest.param("calls() += 1;", "calls() += sizeof __DATE__ > 1;", id="date"),
        pytest.param(
            "calls() += 1;", "\n#if !HAS_NOTHING\ncalls() += 1;\n#endif", id="what is there"
        ),
        pytest.param(
            "static float help", "#/**/include <cstddef>\nstatic float help", id="include"
        ),
        pytest.param("static float help", "// \\\n?\nstatic float help", id="spliced line"),
        pytest.param("static float help", "%:define NO 1\nstatic float help", id="digraph"),
    ],
)
def test_results_are_the_same_either_way(
    pair: GoldenDir, compiler: CountingCompiler, old: str, new: str
) -> None:
    edit(pair, "second.cpp", old, new)
    if "scale" in new:
        edit(pair, "second.cpp", "help(y[i])", "scale(y[i])")
    assert run_case(pair.path).passed
    together = "together.ii" in compiler.compiled()
    assert together == new.startswith("#define")


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(
    ("member", "is_together"),
    [
        pytest.param("static inline int member = zero();", True, id="constants"),
        pytest.param("static inline int member = (calls() += 100);", False, id="a registry"),
    ],
)
def test_members_of_templates_that_are_computed_at_the_start(
    pair: GoldenDir,
    compiler: CountingCompiler,
    member: str,
    is_together: bool,  # noqa: FBT001 - a parameter
) -> None:
    template = (
        f"inline int zero() {{ return 0; }}\ntemplate <class T> struct Plug {{ {member} }};\n"
    )
    edit(pair, "heavy.h", "inline int scale", f"{template}inline int scale")
    edit(pair, "first.cpp", "calls() += 1;", "calls() += Plug<int>::member;")
    assert run_case(pair.path).passed
    assert (compiler.compiled().count("second.cpp") == 0) == is_together


@pytest.mark.usefixtures("own_cache")
def test_warnings_that_are_errors(pair: GoldenDir, compiler: CountingCompiler) -> None:
    edit(pair, "heavy.h", "inline int scale", "static int unused() { return 1; }\ninline int scale")
    config = (pair.path / "kernels" / "kernel_config.py").read_text()
    flags = '"aiv", "cxxflags": ["-Wall", "-Werror"]'
    pair.kernel_config(config.replace('"aiv"', flags))
    with pytest.raises(BuildError, match="unused"):
        run_case(pair.path)
    assert "together.ii" not in compiler.compiled()


@pytest.mark.usefixtures("own_cache")
def test_entry_of_the_header_is_the_entry(pair: GoldenDir, compiler: CountingCompiler) -> None:
    entry = 'extern "C" void kernel_entry(int64_t*) { calls() = 7; }\ninline int scale'
    edit(pair, "heavy.h", "inline int scale", entry)
    edit(pair, "first.cpp", "void kernel_entry", "void first")
    edit(pair, "second.cpp", "void kernel_entry", "void second")
    assert not run_case(pair.path).passed
    assert "together.ii" not in compiler.compiled()


@pytest.mark.usefixtures("own_cache")
def test_error_of_one_is_told_as_if_it_were_alone(
    pair: GoldenDir, compiler: CountingCompiler
) -> None:
    edit(pair, "second.cpp", "calls() += 1;", "calls() += one;")
    with pytest.raises(BuildError) as raised:
        run_case(pair.path)
    text = str(raised.value)
    assert "kernel 'second' does not compile: second.cpp:5" in text
    assert "was not declared" in text
    assert "first.cpp" not in text
    assert "a2a3sim_unit" not in text
    assert compiler.compiled() == [
        *("first.cpp", "orchestration.cpp", "second.cpp", "together.ii"),
    ]


@pytest.mark.usefixtures("own_cache")
def test_symbol_that_nobody_defines_keeps_no_other_kernel_out(pair: GoldenDir) -> None:
    edit(pair, "heavy.h", "inline int scale", "int nowhere();\ninline int scale")
    edit(pair, "second.cpp", "calls() += 1;", "if (args[2] < 0) calls() += nowhere();")
    with pytest.raises(A2A3SimError, match=r"second cannot be loaded: undefined symbol: nowhere"):
        run_case(pair.path)


def test_fault_is_told_as_if_the_kernel_were_alone(
    pair: GoldenDir, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(pair, "second.cpp", "static float help", "__attribute__((noinline)) static float help")
    fault = "{ *reinterpret_cast<volatile int*>(8) = 1; return y +"
    edit(pair, "second.cpp", "{ return y +", fault)
    texts = []
    for most_together in (8, 1):
        monkeypatch.setattr(groups, "MOST_TOGETHER", most_together)
        monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(own_cache.with_name(f"cache-{most_together}")))
        with pytest.raises(KernelFault) as raised:
            run_case(pair.path, settings=Settings(threads=1))  # on the same core each time
        texts.append(str(raised.value))
    assert texts[0] == texts[1]
    assert "#0 help" in texts[0]
    assert "#1 kernel_entry at" in texts[0]


def test_processes_compile_a_group_once(
    pytester: pytest.Pytester, pair: GoldenDir, compiler: CountingCompiler, own_cache: Path
) -> None:
    pair.extend_golden("PARAMS_LIST = [{'i': i} for i in range(4)]\n")
    (pair.path / "conftest.py").write_text(
        "from pytest_a2a3sim.building import groups, merging\n"
        "groups.usable_cpus = lambda: 1\n"
        "merging.HEAVY_BYTES = 50_000\n"
    )
    pytester.runpytest_subprocess("-n", "2", str(pair.path)).assert_outcomes(passed=4)
    assert compiler.compiled() == ["orchestration.cpp", "together.ii"]
    assert own_cache.is_dir()
