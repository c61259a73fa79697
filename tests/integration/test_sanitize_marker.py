"""``pytest.mark.sim_sanitize``: in golden.py, from a conftest, and without pytest."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import SanitizerError, Settings, SettingsError, run_case
from tests.integration.racing import race
from tests.words import without_breaks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.golden_dirs import GoldenDir

MARKED = "import pytest\npytestmark = pytest.mark.sim_sanitize"
BAD = "must be all, or some of memcheck, racecheck, initcheck, synccheck with commas between them"


def marking_conftest(mark: str) -> str:
    return f"""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "marked":
                    item.add_marker(pytest.mark.{mark})
        """


@pytest.mark.parametrize(
    ("arguments", "checks"),
    [
        ("", ("memcheck", "racecheck", "initcheck", "synccheck")),
        ("()", ("memcheck", "racecheck", "initcheck", "synccheck")),
        ("('all')", ("memcheck", "racecheck", "initcheck", "synccheck")),
        ("('racecheck')", ("racecheck",)),
        ("('racecheck', 'memcheck')", ("memcheck", "racecheck")),
    ],
)
def test_pytestmark_without_pytest(
    golden_dir: GoldenDir, arguments: str, checks: tuple[str, ...]
) -> None:
    race(golden_dir)
    golden_dir.extend_golden(MARKED + arguments)
    result = run_case(golden_dir.path, settings=Settings(threads=2))
    assert result.sanitizer is not None
    assert result.sanitizer.checks == checks
    assert isinstance(result.failure, SanitizerError)
    assert result.failure.report == result.sanitizer


def test_marks_add_to_the_settings(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden(f"{MARKED}('initcheck')")
    result = run_case(golden_dir.path, settings=Settings(sanitize=("memcheck",)))
    assert result.sanitizer is not None
    assert result.sanitizer.checks == ("memcheck", "initcheck")
    assert result.passed


def test_pytestmark(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler)
    doubler.extend_golden(f"{MARKED}('racecheck')")
    result = pytester.runpytest_subprocess("--strict-markers", *plugin_args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the sanitizer has 1 finding: 1 racecheck RAW"])


def test_is_listed(pytester: pytest.Pytester) -> None:
    pytester.runpytest("--markers").stdout.fnmatch_lines(["*@pytest.mark.sim_sanitize(?checks): *"])


def test_conftest_marks_one_case(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler)
    doubler.extend_golden("PARAMS_LIST = [{'name': 'plain'}, {'name': 'marked'}]")
    pytester.makeconftest(marking_conftest("sim_sanitize('racecheck')"))
    arguments = ("--sim-threads=1", "--sim-orders=off", "--strict-markers", *plugin_args)
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["FAILED doubler/golden.py::marked - the sanitizer has 1 finding*"])


@pytest.mark.usefixtures("own_cache")
def test_marked_and_other_cases_of_a_file_are_both_compiled(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden("PARAMS_LIST = [{'name': 'plain'}, {'name': 'marked'}]")
    pytester.makeconftest(marking_conftest("sim_sanitize"))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["3 objects compiled, 1 found in the cache"])


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("('race')", f"{BAD}; got ('race',) (tuple)"),
        ("('')", f"{BAD}; got ('',) (tuple)"),
        (
            "(3)",
            "takes names of checks, such as 'memcheck', *'synccheck'; got (3,)*",
        ),
        ("(checks='all')", "takes names of checks, *; got (('checks', 'all'),)*"),
    ],
)
def test_bad_argument_in_golden_py(
    pytester: pytest.Pytester, doubler: GoldenDir, arguments: str, problem: str
) -> None:
    doubler.extend_golden(MARKED + arguments)
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    text = without_breaks(result.stdout.str())
    problem = without_breaks(f"golden.py: pytest.mark.sim_sanitize {problem}")
    assert fnmatchcase(text, f"*{problem} in *doubler/golden.py *")
    result.stdout.no_fnmatch_line("*Traceback*")


def test_bad_argument_from_a_conftest(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden("PARAMS_LIST = [{'name': 'plain'}, {'name': 'marked'}]")
    pytester.makeconftest(marking_conftest("sim_sanitize('race')"))
    result = pytester.runpytest_subprocess(*plugin_args)
    result.assert_outcomes(passed=1, failed=1)
    problem = without_breaks(f"pytest.mark.sim_sanitize {BAD}; got ('race',)")
    assert f"{problem} of doubler/golden.py::marked" in without_breaks(result.stdout.str())
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize("checks", [("race",), ("memcheck", ""), ("none",)])
def test_settings_are_checked(checks: Sequence[str]) -> None:
    with pytest.raises(SettingsError, match=r"synccheck with commas between them; got"):
        Settings(sanitize=tuple(checks))
