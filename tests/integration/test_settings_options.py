"""Options and ini keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sim-threads=0"], "--sim-threads must be an int, at least 1, or 'cores'; got '0'"),
        (
            ["--sim-schedule=random:x"],
            "--sim-schedule must be fifo, lifo, creation, reverse, random, random:SEED or before:*",
        ),
        (["--sim-isolation=thread"], "--sim-isolation must be process, fork or none; got 'thread'"),
        (["--sim-hang-timeout=never"], "--sim-hang-timeout must be a number of seconds above 0"),
        (
            ["-o", "sim_threads=x"],
            "ini sim_threads must be an int, at least 1, or 'cores'; got 'x'",
        ),
        (["-o", "sim_hang_timeout=-3"], "ini sim_hang_timeout must be a number of seconds above 0"),
    ],
)
def test_bad_value(pytester: pytest.Pytester, arguments: list[str], message: str) -> None:
    result = pytester.runpytest(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}*"])


def test_ini_and_option(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nsim_threads = 5\n")
    pytester.runpytest().stdout.fnmatch_lines(["a2a3sim: *, 5 threads, *"])
    pytester.runpytest("--sim-threads=1").stdout.fnmatch_lines(["a2a3sim: *, 1 thread, *"])


def test_hang_timeout(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.kernel_body("for (volatile bool forever = true; forever;) {}")
    result = pytester.runpytest("--sim-hang-timeout=1", *plugin_args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["the graph hangs: no task started or finished for * s (--sim-hang-timeout)"]
    )


def test_cxxflags(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = FACTOR * x[i];")
    pytester.makeini("[pytest]\nsim_cxxflags = -DFACTOR=2 -Wall\n")
    pytester.runpytest().assert_outcomes(passed=1)
    pytester.makeini("[pytest]\nsim_cxxflags = -DFACTOR=3\n")
    pytester.runpytest().assert_outcomes(failed=1)


def test_without_isolation(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.runpytest_subprocess("--sim-isolation=none").assert_outcomes(passed=1)
