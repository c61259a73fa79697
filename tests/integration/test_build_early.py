"""Compilation starts when the tests are known, for those that will run."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, Simulator
from pytest_a2a3sim.model.case import BuildProgress
from pytest_a2a3sim.reporting.terminal import BuildLines
from tests.compilers import CountingCompiler
from tests.golden_dirs import KERNEL, GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("own_cache")

TWO_CASES = 'PARAMS_LIST = [{"name": "one"}, {"name": "two"}]'


@pytest.mark.usefixtures("two")
def test_everything_is_compiled_once(
    pytester: pytest.Pytester, compiler: CountingCompiler, plugin_args: tuple[str, ...]
) -> None:
    pytester.runpytest(*plugin_args).assert_outcomes(passed=2)
    assert compiler.compiled() == [
        "first.cpp",
        "orchestration.cpp",
        "orchestration.cpp",
        "second.cpp",
    ]
    compiler.forget()
    pytester.runpytest(*plugin_args).assert_outcomes(passed=2)
    assert compiler.runs() == []


@pytest.mark.usefixtures("two")
def test_collecting_alone_compiles_nothing(
    pytester: pytest.Pytester, compiler: CountingCompiler
) -> None:
    pytester.runpytest("--collect-only", "-q").stdout.fnmatch_lines(["2 tests collected*"])
    assert compiler.compiled() == []


@pytest.mark.usefixtures("two")
def test_deselected_cases_are_not_compiled(
    pytester: pytest.Pytester, compiler: CountingCompiler
) -> None:
    pytester.runpytest("-k", "second").assert_outcomes(passed=1, deselected=1)
    assert compiler.compiled() == ["orchestration.cpp", "second.cpp"]


def test_skipped_cases_are_not_compiled(
    pytester: pytest.Pytester, two: tuple[GoldenDir, GoldenDir], compiler: CountingCompiler
) -> None:
    two[0].extend_golden("import pytest\npytestmark = pytest.mark.skip(reason='not now')")
    pytester.runpytest().assert_outcomes(passed=1, skipped=1)
    assert compiler.compiled() == ["orchestration.cpp", "second.cpp"]


def test_rebuild_compiles_once_in_all_workers(
    pytester: pytest.Pytester,
    two: tuple[GoldenDir, GoldenDir],
    compiler: CountingCompiler,
    plugin_args: tuple[str, ...],
) -> None:
    for directory in two:
        directory.extend_golden(TWO_CASES)
    pytester.runpytest(*plugin_args).assert_outcomes(passed=4)
    compiler.forget()
    pytester.runpytest("--sim-rebuild", *plugin_args).assert_outcomes(passed=4)
    assert len(compiler.compiled()) == 4


def test_compile_error_is_shown_once_and_stops_nothing_else(
    pytester: pytest.Pytester, two: tuple[GoldenDir, GoldenDir], compiler: CountingCompiler
) -> None:
    two[0].extend_golden(TWO_CASES)
    two[0].kernel("int broken = undeclared;\n", "first.cpp")
    result = pytester.runpytest()
    result.assert_outcomes(passed=1, failed=2)
    headline = (
        "kernel 'first' does not compile: first.cpp:1: 'undeclared' was not declared in this scope"
    )
    text = result.stdout.str().replace("‘", "'").replace("’", "'")  # noqa: RUF001 - gcc's
    failures, _, summary = text.partition("short test summary info")
    assert failures.count(headline) == 2
    assert failures.count("command: ") == 1
    assert failures.count("1 | int broken = undeclared;") == 1
    assert "The compiler's text and command are in the failure of first: one." in failures
    assert summary.count("- kernel 'first' does not compile: ") == 2
    assert compiler.compiled().count("first.cpp") == 1


def test_broken_source_is_compiled_again_once_its_header_is_mended(
    golden_dir: GoldenDir, pytester: pytest.Pytester
) -> None:
    golden_dir.kernel('#include "part.h"\n' + KERNEL)
    header = golden_dir.path / "kernels" / "part.h"
    header.write_text("#error not yet\n")
    pytester.makepyfile(
        f"""
        from pathlib import Path
        import pytest
        from pytest_a2a3sim import BuildError

        def test_mending(a2a3sim):
            with pytest.raises(BuildError, match="not yet"):
                a2a3sim.run_case({str(golden_dir.path)!r})
            Path({str(header)!r}).write_text("")
            a2a3sim.run_case({str(golden_dir.path)!r}).check()
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_flags_of_the_ini_file_start_at_the_rootdir(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubler.kernel('#include "factor.h"\n' + KERNEL.replace("2 *", "FACTOR *"))
    (pytester.path / "inc").mkdir()
    (pytester.path / "inc" / "factor.h").write_text("#define FACTOR 2\n")
    pytester.makeini("[pytest]\nsim_cxxflags = -Iinc -isystem inc\n")
    monkeypatch.chdir(doubler.path)
    pytester.runpytest(f"--rootdir={pytester.path}").assert_outcomes(passed=1)


@pytest.mark.usefixtures("doubler")
def test_cache_size_must_be_a_size(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsim_cache_size = many\n")
    result = pytester.runpytest()
    result.stderr.fnmatch_lines(["*ini sim_cache_size must be a size above 0*; got 'many'"])


def test_cache_size_limits_the_cache(
    pytester: pytest.Pytester, own_cache: Path, doubler: GoldenDir
) -> None:
    del doubler
    pytester.makeini("[pytest]\nsim_cache_size = 1\n")
    pytester.runpytest().assert_outcomes(passed=1)
    assert list(own_cache.rglob("*.so")) == []


@pytest.mark.parametrize(
    ("command", "line"),
    [
        pytest.param(("pytest", "-n", "2"), "a2a3sim: gw", id="xdist"),
        pytest.param(("pytest_a2a3sim.cli", "run"), " of 2 sources, waiting", id="command line"),
    ],
)
def test_long_build_is_told_while_it_lasts(
    doubler: GoldenDir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: tuple[str, ...],
    line: str,
) -> None:
    go_on = tmp_path / "go-on"
    wait = f"until [ -e {go_on} ] || [ $((tries += 1)) -gt 300 ]; do sleep 0.1; done"
    slow = CountingCompiler.create(
        tmp_path / "slow", before=f'case "$*" in *-c*double.cpp*) {wait};; esac'
    )
    monkeypatch.setenv("CXX", str(slow.executable))
    options = () if "run" not in command else ("-k", "kernels", "-g", "golden.py")
    process = subprocess.Popen(
        [sys.executable, "-m", *command, *options],
        cwd=doubler.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    with process:
        lines = []
        for text in process.stdout:
            lines.append(text)
            if line in text:
                break
        told = "".join(lines)
        go_on.touch()
        rest = process.stdout.read()
    assert line in told
    assert "waiting for 3 s; compiling " in lines[-1]
    assert process.returncode == 0, rest


@pytest.mark.usefixtures("two")
def test_compiler_is_asked_about_itself_once(
    pytester: pytest.Pytester, compiler: CountingCompiler
) -> None:
    pytester.runpytest("-p", "no:xdist").assert_outcomes(passed=2)
    assert compiler.runs().count("--version") == 1


def test_who_is_told_may_change_between_cases(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = GoldenDir.create(tmp_path / "other")
    other.kernel(f"{KERNEL}// other\n", "other.cpp")
    other.kernel_config(
        """
        KERNELS = [{"func_id": 0, "source": "other.cpp", "core_type": "aiv"}]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    go_on = tmp_path / "go-on"
    wait = f"until [ -e {go_on} ] || [ $((tries += 1)) -gt 300 ]; do sleep 0.1; done"
    slow = CountingCompiler.create(
        tmp_path / "slow", before=f'case "$*" in *-c*other.cpp*) {wait};; esac'
    )
    monkeypatch.setenv("CXX", str(slow.executable))
    told: list[BuildProgress] = []

    def tell(progress: BuildProgress) -> None:
        told.append(progress)
        go_on.touch()

    with contextlib.closing(Simulator(Settings())) as simulator:
        simulator.run_case(golden_dir.path).check()
        simulator.report_build = tell
        simulator.run_case(other.path).check()
    assert "other.cpp" in told[0].running


def test_compilers_run_in_the_environment_of_the_start(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.makepyfile(
        f"""
        import os

        def test_changes_the_environment(a2a3sim):
            os.environ["CXX"] = "no-such-compiler"
            a2a3sim.run_case({str(doubler.path)!r}).check()
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=2)


def test_lines_of_a_long_build() -> None:
    said: list[str] = []
    lines = BuildLines(said.append, is_terminal=False)
    for seconds in (0.5, 2.5, 3.0, 3.5, 31.0, 33.5, 0.5, 3.5):
        lines(BuildProgress(2, 9, ("a.cpp", "b.cpp"), seconds))
    assert said == [
        f"compiled 2 of 9 sources, waiting for {seconds} s; compiling a.cpp, b.cpp"
        for seconds in (3, 34, 4)
    ]


WAITS_FOR_DATA = """
case "$*" in
*double.cpp*)
    tries=0
    until [ -e {made} ] || [ "$tries" -ge 3000 ]; do
        tries=$((tries + 1))
        sleep 0.02
    done
    [ -e {made} ] || exit 1
esac
"""


def test_data_is_made_while_compilers_run(
    pytester: pytest.Pytester, doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The compiler waits for what compute_golden does, which waits for the inputs."""
    made = pytester.path / "made"
    before = WAITS_FOR_DATA.format(made=made)
    waiting = CountingCompiler.create(pytester.path / "compiler", before=before)
    monkeypatch.setenv("CXX", str(waiting.executable))
    doubler.extend_golden(
        f"""
        computed = compute_golden

        def compute_golden(tensors, params):
            computed(tensors, params)
            open({str(made)!r}, "w").close()
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_what_the_compiler_says_comes_first(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.kernel("no C++")
    doubler.extend_golden("def generate_inputs(params): raise ValueError('no inputs')")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*kernel 'double' does not compile*"])
    result.stdout.no_fnmatch_line("*no inputs*")
    doubler.kernel(KERNEL)
    pytester.runpytest().stdout.fnmatch_lines(["*no inputs*"])


def test_inputs_that_compute_golden_changes(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """It runs before the graph while kernels are compiled, and beside it when they are there."""
    doubler.golden(
        """
        import numpy as np

        kept = np.arange(8, dtype=np.float32)
        kept.flags.writeable = False


        def generate_inputs(params):
            return {"x": kept, "out_y": np.zeros(8, dtype=np.float32)}


        def compute_golden(tensors, params):
            tensors["out_y"][:] = 2 * tensors["x"]
            kept.flags.writeable = True
            kept[:] = -1
            kept.flags.writeable = False
        """
    )
    for _ in range(2):  # with an empty cache, and a full one
        pytester.runpytest_subprocess().assert_outcomes(passed=1)
    writes = (doubler.path / "kernels" / "orchestration.cpp").read_text()
    doubler.orchestration(
        writes.replace("return 0;", "*reinterpret_cast<float*>(args[0]) = 1;\n    return 0;")
    )
    for _ in range(2):
        result = pytester.runpytest_subprocess()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["*host tensor 'x'*read-only*"])
