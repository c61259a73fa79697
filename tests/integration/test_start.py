"""What a session imports: no more than it uses."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

LISTS_MODULES = """
import json, pathlib, sys

def pytest_unconfigure():
    pathlib.Path("modules.json").write_text(json.dumps(sorted(sys.modules)))
"""
OF_EVERY_SESSION = {"loading", "model", "plugin"}
ONLY_FOR_FAILURES = ("failures", "rerunning", "comparing.diagnose", "reporting.text")
ONLY_TO_COMPILE = {"building.compile", "building.precompiled", "building.observer"}


def modules(pytester: pytest.Pytester, *args: str) -> set[str]:
    """Those that are there at the end of a session in a process of its own."""
    pytester.makeconftest(LISTS_MODULES)
    pytester.runpytest_subprocess(*args)
    return set(json.loads((pytester.path / "modules.json").read_text()))


def ours(names: set[str]) -> set[str]:
    package = "pytest_a2a3sim."
    return {name.removeprefix(package) for name in names if name.startswith(package)}


def test_plain_tests_pay_for_options_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    there = modules(pytester)
    assert "numpy" not in there
    assert {name.partition(".")[0] for name in ours(there)} <= OF_EVERY_SESSION
    assert "plugin.hooks" not in ours(there)


def test_passing_case_imports_nothing_for_failures(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    there = ours(modules(pytester))
    assert "pipeline" in there
    assert not [name for name in there if name.startswith(ONLY_FOR_FAILURES)]
    assert not there & ONLY_TO_COMPILE


def test_collecting_imports_nothing_that_runs(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    there = ours(modules(pytester, "--collect-only"))
    assert "plugin.collect" in there
    assert not there & {"pipeline", "building.builder", "_engine"}


@pytest.mark.parametrize(("args", "shown"), [((), 1), (("--sim-threads=2",), 1), (("-q",), 0)])
def test_header_is_shown_once_where_there_are_cases(
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    plugin_args: tuple[str, ...],
    args: tuple[str, ...],
    shown: int,
) -> None:
    result = pytester.runpytest(*args, *plugin_args)
    assert sum("native engine" in line for line in result.outlines) == shown


def test_header_is_not_shown_to_others(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_nothing(): pass")
    assert not any("native engine" in line for line in pytester.runpytest().outlines)


def test_fixture_alone_is_enough(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    test = pytester.makepyfile(
        f"""
        def test_case(a2a3sim):
            assert a2a3sim.run_case({str(doubler.golden_py)!r}).passed
        """
    )
    pytester.runpytest(test, *plugin_args).assert_outcomes(passed=1)


def test_sessions_within_one_process(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """As in tests of other plugins: each session imports the modules anew."""
    pytester.makepyfile(
        test_outer=f"""
        import numpy  # which cannot be imported anew
        import pytest

        @pytest.mark.parametrize("time", [1, 2])
        def test_inner(pytester, time):
            pytester.runpytest({str(doubler.path)!r}).assert_outcomes(passed=1)
        """
    )
    result = pytester.runpytest_subprocess("-p", "pytester", "test_outer.py")
    result.assert_outcomes(passed=2)


RECORDS_IMPORT = """
import os, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            print("NUMPY COMES WITH", os.environ.get("OPENBLAS_THREAD_TIMEOUT"), file=sys.stderr)

sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize(("own", "expected"), [(None, "20"), ("26", "26")])
def test_threads_of_blas_sleep_soon(
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    monkeypatch: pytest.MonkeyPatch,
    own: str | None,
    expected: str,
) -> None:
    """They would spin where the next case could run; whoever wants that says so."""
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT", raising=False)
    if own is not None:
        monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", own)
    doubler.extend_golden(
        """
        import os, sys
        print("GOLDEN HAS", os.environ.get("OPENBLAS_THREAD_TIMEOUT"), file=sys.stderr)
        """
    )
    pytester.makepyfile(records_import=RECORDS_IMPORT)
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess("-s", "-p", "records_import", str(doubler.path))
    result.assert_outcomes(passed=1)
    assert result.errlines.count(f"NUMPY COMES WITH {expected}") == 1
    assert f"GOLDEN HAS {own}" in result.errlines


TELLS_WHAT_IS_FROZEN = """
import gc, pathlib

def pytest_runtest_setup(item):
    pathlib.Path("frozen.txt").write_text(str(gc.get_freeze_count() > 0))
"""


@pytest.mark.parametrize("with_others", [False, True])
def test_what_is_collected_is_no_garbage(
    pytester: pytest.Pytester, doubler: GoldenDir, *, with_others: bool
) -> None:
    """Collections pass over it; in a session with other tests, these may want to know of it."""
    assert not gc.get_freeze_count()
    pytester.makeconftest(TELLS_WHAT_IS_FROZEN)
    if with_others:
        pytester.makepyfile("def test_nothing(): pass")
    pytester.runpytest_inprocess().assert_outcomes(passed=1 + with_others)
    assert (pytester.path / "frozen.txt").read_text() == str(not with_others)
    assert not gc.get_freeze_count()
