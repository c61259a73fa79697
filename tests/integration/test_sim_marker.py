"""Options of the simulation for a directory, a case, or a call: the marker ``sim`` and settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.model.schedule import Schedule

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

ADD = "runtime->add_task(task, 3, 0, CoreType::AIV);"
RACING = f"{ADD} {ADD}\nruntime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
GOLDEN = """
import pytest

pytestmark = pytest.mark.sim(schedule="fifo", sanitize="all")
PARAMS_LIST = [{"n": 1}, pytest.param({"n": 2}, marks=pytest.mark.sim(sanitize="memcheck"))]
"""


def test_marker_of_a_directory_and_of_a_case(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.orchestration_body(RACING)
    doubler.extend_golden(GOLDEN)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["the sanitizer has 1 finding: 1 racecheck WAW", "FAILED *::n=1*"])
    with_python = run_case(doubler.path, "n=1")
    assert with_python.sanitizer is not None
    assert with_python.schedule == Schedule("fifo")


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ("sim(thread=1)", "pytest.mark.sim has no option 'thread'; it has blame, core_memory, *"),
        ("sim(threads=0)", "pytest.mark.sim, threads: must be an int, at least 1, *; got 0"),
        ("sim(blame=1)", "pytest.mark.sim, blame: must be True or False; got 1"),
        ("sim('fifo')", "pytest.mark.sim takes options by name, as in *; got ('fifo',)"),
    ],
)
def test_marks_without_a_meaning(
    pytester: pytest.Pytester, doubler: GoldenDir, mark: str, message: str
) -> None:
    doubler.extend_golden(f"import pytest\npytestmark = pytest.mark.{mark}")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_settings_of_a_call(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    assert doubler.path.is_dir()
    pytester.makepyfile(
        """
        import pytest
        from pytest_a2a3sim import Settings, SettingsError

        def test_settings(a2a3sim):
            result = a2a3sim.run_case("doubler", settings={"schedule": "lifo", "threads": 2})
            assert str(result.schedule) == "lifo"
            result = a2a3sim.run_case("doubler", settings=Settings(schedule="random:3"))
            assert str(result.schedule) == "random:3"
            assert str(a2a3sim.run_case("doubler").schedule) == "depth-first"
            with pytest.raises(SettingsError, match="has no option 'order'"):
                a2a3sim.run_case("doubler", settings={"order": "fifo"})
        """
    )
    pytester.runpytest("test_settings_of_a_call.py").assert_outcomes(passed=1)
