"""``--sim-sanitize``: which cases it fails and how, with every other option."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import KernelFault, SanitizerError, Settings, run_case
from pytest_a2a3sim.model.schedule import Schedule
from tests.integration.racing import EDGE, race
from tests.words import without_breaks

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.schedule import Order
    from tests.compilers import CountingCompiler
    from tests.golden_dirs import GoldenDir

RACES = Settings(threads=2, sanitize=("racecheck",))
HEADLINE = "the sanitizer has 1 finding: 1 racecheck RAW"
# Tasks that write y, each of them all of it.
UNORDERED = """
for (int i = 0; i < {tasks}; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def test_a_finding_fails_a_case_whose_outputs_match(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    result = run_case(golden_dir.path, settings=RACES)
    assert [diff.passed for diff in result.diffs] == [True]
    with pytest.raises(SanitizerError) as caught:
        result.check()
    (finding,) = caught.value.report.findings
    assert (finding.check, finding.kind, finding.tasks) == ("racecheck", "RAW", (0, 1))
    assert (finding.kernels, finding.tensor) == (("double", "add"), "out_y")
    assert (finding.element, finding.last_element, finding.bytes) == ((0,), (7,), 32)
    assert finding.edge == (0, 1)
    kernels = golden_dir.path / "kernels"
    race_of = "racecheck: RAW race of task 0 (double) and task 1 (add)"
    bytes_of = "32 bytes of out_y[0] to out_y[7] (device buffer #1, bytes 0 to 31)"
    counts = "2 tasks, 40 recorded accesses of 128 bytes, 0 bytes changed unseen, 1 finding"
    assert str(caught.value).splitlines() == [
        HEADLINE,
        "",
        f"{race_of} on {bytes_of}, and nothing orders them",
        f"  task 0 (double) writes at {kernels}/double.cpp:6",
        f"    submitted at {kernels}/orchestration.cpp:16",
        f"  task 1 (add) reads at {kernels}/add.cpp:6",
        f"    submitted at {kernels}/orchestration.cpp:17",
        f"  buffer #1 is of call 2 of device_malloc at {kernels}/orchestration.cpp:10",
        "  add the edge: runtime->add_successor(0, 1);",
        "",
        f"checked (racecheck): {counts}",
        "",
        "out_y: PASS (8/8 elements matched)",
    ]


def test_the_edge_mends_it(golden_dir: GoldenDir) -> None:
    race(golden_dir, EDGE)
    result = run_case(golden_dir.path, settings=RACES)
    result.check()
    assert result.sanitizer is not None
    assert (result.sanitizer.total, result.sanitizer.tasks) == (0, 2)


def test_mismatches_are_shown_too(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    golden_dir.extend_golden("RTOL = 0\n_golden = compute_golden\n")
    golden_dir.extend_golden(
        """
        def compute_golden(tensors, params):
            _golden(tensors, params)
            tensors["out_y"][5] = 4
        """
    )
    message = str(run_case(golden_dir.path, settings=RACES).failure)
    assert message.startswith(HEADLINE)
    assert "1 of 1 output tensors do not match: out_y" in message
    assert "out_y: FAIL (7/8 elements matched)" in message


def test_only_what_was_asked_for_is_found(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    report = run_case(golden_dir.path, settings=Settings(sanitize=("memcheck",))).sanitizer
    assert report is not None
    assert (report.checks, report.findings) == (("memcheck",), ())
    assert run_case(golden_dir.path, settings=Settings(orders=0, threads=1)).sanitizer is None


def test_pytest(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler)
    arguments = ("--sim-sanitize=racecheck,memcheck", "--sim-json=report.json", *plugin_args)
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            HEADLINE,
            "  add the edge: runtime->add_successor(0, 1);",
            "out_y: PASS (8/8 elements matched)",
            f"FAILED doubler/golden.py::default - {HEADLINE}",
        ]
    )
    (case,) = json.loads((pytester.path / "report.json").read_text())["cases"]
    assert case["failure"]["kind"] == "sanitizer"


def test_ini(pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]) -> None:
    race(doubler)
    pytester.makeini("[pytest]\nsim_sanitize = racecheck\n")
    result = pytester.runpytest_subprocess(*plugin_args)
    result.stdout.fnmatch_lines([HEADLINE])
    result = pytester.runpytest_subprocess("--sim-sanitize=memcheck", *plugin_args)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("text", ["", "race", "racecheck;memcheck", "racecheck,", "none"])
def test_bad_values(pytester: pytest.Pytester, text: str) -> None:
    accepted = (
        "must be all, or some of memcheck, racecheck, initcheck, synccheck with commas between them"
    )
    result = pytester.runpytest(f"--sim-sanitize={text}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    problem = without_breaks(f"ERROR: --sim-sanitize {accepted}; got '{text}'")
    assert problem in without_breaks(result.stderr.str())
    if text:
        result = pytester.runpytest("-o", f"sim_sanitize={text}")
        problem = without_breaks(f"ERROR: ini sim_sanitize {accepted}; got '{text}'")
        assert problem in without_breaks(result.stderr.str())


@pytest.mark.parametrize("order", ["fifo", "lifo", "creation", "reverse", "random"])
def test_every_schedule_finds_the_same(golden_dir: GoldenDir, order: Order) -> None:
    race(golden_dir)
    settings = Settings(threads=4, sanitize=("racecheck",), schedule=Schedule(order, 3))
    result = run_case(golden_dir.path, settings=settings)
    assert result.schedule == settings.schedule
    assert result.sanitizer is not None
    (finding,) = result.sanitizer.findings
    assert (finding.tasks, finding.kind, finding.bytes) == ((0, 1), "RAW", 32)
    assert finding.edge == (0, 1)


@pytest.mark.parametrize("option", ["--sim-threads=cores", "--sim-threads=4", "--sim-orders=8"])
def test_options_that_have_no_effect(
    pytester: pytest.Pytester, doubler: GoldenDir, option: str
) -> None:
    race(doubler, EDGE)
    result = pytester.runpytest_subprocess("--sim-sanitize=all", option)
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("edge", ["", EDGE])
def test_without_isolation(pytester: pytest.Pytester, doubler: GoldenDir, edge: str) -> None:
    race(doubler, edge)
    doubler.extend_golden("PARAMS_LIST = [{'n': n} for n in range(3)]")
    result = pytester.runpytest_subprocess("--sim-sanitize=racecheck", "--sim-isolation=none")
    result.assert_outcomes(**{"passed" if edge else "failed": 3})


def test_a_kernel_that_crashes_is_told_as_ever(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("y[0] = x[0];\n*reinterpret_cast<volatile int*>(8) = 1;")
    settings = Settings(sanitize=("racecheck", "initcheck"))
    with pytest.raises(KernelFault, match="wrote to a null pointer") as caught:
        run_case(golden_dir.path, settings=settings)
    culprit = caught.value.culprit
    assert (culprit.task, culprit.kernel, culprit.line) == (0, "double", 11)
    assert culprit.source == str(golden_dir.path / "kernels" / "double.cpp")


def test_findings_of_one_kind_are_folded(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(UNORDERED.format(tasks=20))
    failure = run_case(golden_dir.path, settings=RACES).failure
    assert isinstance(failure, SanitizerError)
    assert len(failure.report.findings) == failure.report.total == 190
    lines = str(failure).splitlines()
    assert lines[0].startswith("the sanitizer has 190 findings: 190 racecheck WAW")
    folded = [line for line in lines if "more pair" in line]
    consequences = sum(finding.consequence for finding in failure.report.findings)
    assert folded == [
        f"  and {190 - consequences - 1} more pairs of these two kernels",
        *([f"  and {consequences - 1} more pairs of these two kernels"] if consequences else []),
    ]


def compiled(compiler: CountingCompiler, directory: Path, settings: Settings) -> list[str]:
    compiler.forget()
    run_case(directory, settings=settings).check()
    return compiler.compiled()


@pytest.mark.usefixtures("own_cache")
def test_a_warm_cache_compiles_nothing(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    """Plain and instrumented objects are other objects: each is compiled once."""
    plain, sanitized = Settings(), Settings(sanitize=("memcheck",))
    first = compiled(compiler, golden_dir.path, plain)
    assert "double.cpp" in first
    second = compiled(compiler, golden_dir.path, sanitized)
    assert "double.cpp" in second
    assert "orchestration.cpp" not in second
    for settings in (plain, sanitized, Settings(sanitize=("racecheck",)), plain, sanitized):
        assert compiled(compiler, golden_dir.path, settings) == []


@pytest.mark.usefixtures("own_cache")
def test_a_change_compiles_it_anew(golden_dir: GoldenDir, compiler: CountingCompiler) -> None:
    settings = Settings(sanitize=("memcheck",))
    compiled(compiler, golden_dir.path, settings)
    golden_dir.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i] + x[i];")
    assert compiled(compiler, golden_dir.path, settings) == ["double.cpp"]


@pytest.mark.skipif(shutil.which("ccache") is None, reason="ccache is not installed")
def test_ccache(golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "ccache g++")
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "ccache"))
    race(golden_dir)
    for cache in ("first", "second"):  # the second time ccache has the objects
        monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / cache))
        result = run_case(golden_dir.path, settings=RACES)
        assert isinstance(result.failure, SanitizerError)
        assert result.failure.report.total == 1
        assert result.compiled == 3
    warm = run_case(golden_dir.path, settings=RACES)
    assert (warm.compiled, warm.cache_hits) == (0, 3)
    plain = run_case(golden_dir.path, settings=Settings(orders=0, threads=1))
    assert plain.passed
    assert plain.sanitizer is None
