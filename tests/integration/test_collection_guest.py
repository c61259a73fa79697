"""Cases are what conftest files and other plugins expect of a test item."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

ALL_CASES = """
ALL_CASES = {"Default": {}, "Large": {"bad": True}, "Other": {}}


def compute_golden(tensors, params):
    tensors["out_y"][:] = (3 if params.get("bad") else 2) * tensors["x"]
"""
FIXTURES = """
import pytest

def log(text):
    with open({log!r}, "a") as file:
        file.write(text + "\\n")

@pytest.fixture(scope="session", autouse=True)
def of_session(request):
    log("session")
    yield
    log("session ends")

@pytest.fixture(scope="module", autouse=True)
def of_module(request):
    log(f"module {{request.module.NAME}}")
    yield
    log("module ends")

@pytest.fixture(autouse=True)
def of_function(request, of_module):
    log(f"case {{request.node.name}}")
    yield
    log("case ends")

@pytest.fixture
def device():
    log("device")
    yield
    log("device ends")
"""


# What hooks of conftest files ask test functions for.
@pytest.mark.parametrize(
    "expression",
    [
        "'gpu' not in item.fixturenames",
        "item.funcargs == {}",
        "item.function is item.obj",
        "item.function.__module__ == item.module.__name__",
        "item.function.__code__.co_filename == str(item.path)",
        "item.function.__doc__ == 'Doubles.'",
        "callable(item.module.compute_golden)",
        "item.cls is None and item.instance is None",
        "item.originalname == item.name == 'default'",
        "not hasattr(item, 'callspec')",
        "item.location[0].endswith('golden.py')",
        "item.get_closest_marker('a2a3sim').name == 'a2a3sim'",
        "item.get_closest_marker('skip') is None",
        "item.getparent(pytest.Module).obj is item.module",
        "item.getparent(pytest.Class) is None",
        "item.path.name == 'golden.py' and str(item.fspath) == str(item.path)",
        "isinstance(item, pytest.Function)",
        "item._request.node is item",
    ],
)
def test_hooks_find_what_they_look_at(
    pytester: pytest.Pytester, doubler: GoldenDir, expression: str
) -> None:
    doubler.golden(f'"""Doubles."""\n\n{doubler.golden_py.read_text()}')
    pytester.makeconftest(
        f"""
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                assert {expression}
        """
    )
    assert pytester.runpytest("--collect-only").ret == pytest.ExitCode.OK


def test_module_is_there_before_the_file_is_collected(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collectstart(collector):
            if isinstance(collector, pytest.Module):
                assert callable(collector.obj.generate_inputs)
        """
    )
    pytester.runpytest().assert_outcomes(passed=1)


def test_hook_around_the_call_runs(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.hookimpl(wrapper=True)
        def pytest_pyfunc_call(pyfuncitem):
            yield
            pytest.skip("called")
        """
    )
    pytester.runpytest("-rs").stdout.fnmatch_lines(["SKIPPED * called"])


# Fixtures that no function of golden.py names run, too.
def test_fixtures_run_around_the_case(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    log = pytester.path / "log"
    pytester.makeconftest(FIXTURES.format(log=str(log)))
    doubler.extend_golden(
        """
        import os

        import pytest

        pytestmark = pytest.mark.usefixtures("device", "own")
        NAME = "doubler"
        MADE = []


        @pytest.fixture
        def own(device):
            MADE.append("own")


        def compute_golden(tensors, params):
            assert MADE == ["own"]
            tensors["out_y"][:] = 2 * tensors["x"]
        """
    )
    pytester.runpytest(*plugin_args).assert_outcomes(passed=1)
    assert log.read_text().splitlines() == [
        *("session", "module doubler", "case default", "device"),
        *("device ends", "case ends", "module ends", "session ends"),
    ]


def test_fixture_that_fails_is_an_error_and_the_case_does_not_run(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(autouse=True)
        def device():
            raise RuntimeError("no device")
        """
    )
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*RuntimeError: no device"])


def test_missing_fixture_is_an_error(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden("import pytest\npytestmark = [pytest.mark.usefixtures('no_such')]")
    result = pytester.runpytest(*plugin_args)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*fixture 'no_such' not found"])


@pytest.mark.parametrize(
    ("marks", "message"),
    [
        (
            "[pytest.mark.parametrize('n', [1, 2])]",
            "*function uses no argument 'n'; *as in `def generate_inputs(params, n)`",
        ),
        (
            "(pytest.mark.skip, 'fast')",
            "golden.py: pytestmark must be a mark or a list of marks, *; got 'fast' (str)",
        ),
    ],
)
def test_marks_without_a_meaning_are_errors(
    pytester: pytest.Pytester, doubler: GoldenDir, marks: str, message: str
) -> None:
    doubler.extend_golden(f"import pytest\npytestmark = {marks}")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("mark", "outcome"),
    [
        ("skip(reason='later')", {"skipped": 1}),
        ("skipif('np is not None', reason='has NumPy')", {"skipped": 1}),
        ("skipif(False, reason='never')", {"passed": 1}),
        ("xfail(strict=True)", {"failed": 1}),
        ("filterwarnings('error')", {"passed": 1}),
    ],
)
def test_marks_have_their_effect(
    pytester: pytest.Pytester, doubler: GoldenDir, mark: str, outcome: dict[str, int]
) -> None:
    doubler.extend_golden(f"import pytest\npytestmark = pytest.mark.{mark}")
    pytester.runpytest().assert_outcomes(**outcome)


# A case that does not run by default is deselected unless somebody asks for it; --lf asks for those
# that failed.
def test_failed_case_of_all_cases_runs_again(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden(ALL_CASES)
    pytester.runpytest("--sim-all-cases", *plugin_args).assert_outcomes(passed=2, failed=1)
    result = pytester.runpytest("--lf", *plugin_args)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["FAILED doubler/golden.py::Large*"])
    pytester.runpytest("--ff", *plugin_args).assert_outcomes(failed=1, passed=1)
    pytester.runpytest(*plugin_args).assert_outcomes(passed=1)
    pytester.runpytest("-p", "no:cacheprovider", *plugin_args).assert_outcomes(passed=1)


# Workers of xdist refuse to run anything if they collect different ids.
def test_ids_are_the_same_in_every_process(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    (doubler.path / "shapes.py").write_text("class S:\n    def method(self): ...\n")
    doubler.extend_golden(
        """
        from shapes import S

        PARAMS_LIST = [
            {"s": S()},
            {"o": S.method},
            {"k": {"b", "a", "longer", "c"}},
            {"d": {"set": {"b", "a", "longer", "c"}, "object": [S()]}},
        ]
        """
    )
    result = pytester.runpytest("-n", "2", "-v")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines_random(
        [f"*golden.py::{name}*" for name in ("s=S", "o=method", "k=a,b,c,longer", "d={'set':*")]
    )


def test_results_do_not_outlive_their_cases(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden(ALL_CASES)
    pytester.makeconftest(
        """
        import gc

        from pytest_a2a3sim import CaseResult

        def pytest_sessionfinish():
            alive = [each for each in gc.get_objects() if isinstance(each, CaseResult)]
            print(f"{len(alive)} results are alive")
        """
    )
    result = pytester.runpytest_subprocess("--sim-all-cases", "-s")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*0 results are alive*"])
