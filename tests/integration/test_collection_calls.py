"""Cases as pytest's own tests: pytest.param, fixtures by name, parametrize, --count, timeout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import GoldenError, run_case

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

FIXTURES = """
import pytest

PARAMS_LIST = [{"factor": 2}]


@pytest.fixture(params=["a", "b"])
def letter(request):
    return request.param


def generate_inputs(params, tmp_path, letter, n, dtype=np.float32):
    (tmp_path / letter).write_text(letter)
    return {"x": np.arange(n, dtype=dtype), "out_y": np.zeros(n, dtype)}


def compute_golden(tensors, params, *, tmp_path, letter):
    assert (tmp_path / letter).read_text() == letter
    tensors["out_y"][:] = params["factor"] * tensors["x"]


pytestmark = [pytest.mark.parametrize("n", [8, 5])]
"""


def test_fixtures_and_parametrize(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    doubler.extend_golden(FIXTURES)
    pytester.runpytest(*plugin_args).assert_outcomes(passed=4)
    result = pytester.runpytest("doubler/golden.py::factor=2[b-8]", "-v")
    result.assert_outcomes(passed=1)
    result = pytester.runpytest("--collect-only", "-q", "-k", "b and factor:2")
    result.stdout.fnmatch_lines(
        ["doubler/golden.py::factor=2[[]b-8]", "doubler/golden.py::factor=2[[]b-5]"]
    )
    with pytest.raises(GoldenError, match="generate_inputs asks for 'tmp_path', 'letter', 'n'"):
        run_case(doubler.path)


PARAMS = """
import pytest

PARAMS_LIST = [
    pytest.param({"n": 1}, id="one", marks=pytest.mark.skip(reason="later")),
    pytest.param({"n": 2}, marks=[pytest.mark.xfail(strict=True), pytest.mark.slow]),
    pytest.param({"name": "two"}),
    {"n": 3},
]


def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"] + (params.get("n") == 2)
"""


def test_param(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makeini("[pytest]\nmarkers = slow")
    doubler.extend_golden(PARAMS)
    result = pytester.runpytest("-v")
    result.assert_outcomes(passed=2, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(["*::one SKIPPED (later)*", "*::n=2 XFAIL*", "*::n=3 *"])
    pytester.runpytest("-m", "slow").assert_outcomes(xfailed=1, deselected=3)
    assert run_case(doubler.path, "one").passed  # marks are pytest's: they mean nothing here


def test_params_that_are_no_dict_in_a_param(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    doubler.extend_golden("import pytest\nPARAMS_LIST = [pytest.param(1, 2)]")
    result = pytester.runpytest()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*PARAMS_LIST[[]0] must be a dict; got (1, 2) (tuple)"])


def test_repeat(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytest.importorskip("pytest_repeat")
    pytester.runpytest("--count=2").assert_outcomes(passed=2)


def test_timeout(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytest.importorskip("pytest_timeout")
    pytester.runpytest().assert_outcomes(passed=1)  # its sources are compiled now
    doubler.extend_golden(
        """
        import pytest, threading
        pytestmark = pytest.mark.timeout(1, func_only=True)  # neither setup nor teardown counts

        def compute_golden(tensors, params):
            threading.Event().wait(60)
        """
    )
    result = pytester.runpytest()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*Timeout (>1.0s)*"])


def test_usefixtures_in_a_param(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """It works where pytest lets anybody write it; newer versions refuse."""
    doubler.extend_golden(
        """
        import pytest

        PARAMS_LIST = [pytest.param({"n": 1}, marks=pytest.mark.usefixtures("loud"))]


        @pytest.fixture
        def loud():
            print("the fixture runs")
        """
    )
    result = pytester.runpytest("-s")
    if result.ret == pytest.ExitCode.OK:
        result.stdout.fnmatch_lines(["*the fixture runs*"])
        return
    result.stdout.fnmatch_lines(
        [
            "golden.py cannot be loaded: ValueError: pytest.param cannot add *usefixtures*",
            "Ask for the fixture in an argument, as in `def generate_inputs(params, fixture)`, *",
        ]
    )
