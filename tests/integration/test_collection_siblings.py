"""Modules beside a golden.py are its own whenever its code runs; params are those of its call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import GoldenError
from pytest_a2a3sim.loading.golden import load_golden
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

COMPUTE = """

def compute_golden(tensors, params):
    {body}
    tensors["out_y"][:] = FACTOR * tensors["x"]
"""
TRIPLE = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 3 * x[i];"


@pytest.fixture
def tripler(pytester: pytest.Pytester) -> GoldenDir:
    """A second directory, whose kernel triples."""
    directory = GoldenDir.create(pytester.path / "tripler")
    directory.kernel_body(TRIPLE)
    return directory


# Several directories have a helper of one name, and each golden.py means its own.
@pytest.mark.parametrize(
    "body",
    [
        "from helper import FACTOR",
        "import helper; FACTOR = helper.FACTOR",
        "import importlib; FACTOR = importlib.import_module('helper').FACTOR",
        "from package.inner import FACTOR",
        "from namespace.inner import FACTOR",
        "import pickle, helper; FACTOR = pickle.loads(pickle.dumps(helper.Factor())).value",
        "import pickle; FACTOR = pickle.loads(pickle.dumps(params['factor'])).value",
        "FACTOR = params['factor'].late()",
    ],
)
def test_siblings_are_found_in_compute_golden(
    pytester: pytest.Pytester,
    doubler: GoldenDir,
    tripler: GoldenDir,
    body: str,
    plugin_args: tuple[str, ...],
) -> None:
    for directory, factor in ((doubler, 2), (tripler, 3)):
        files = {
            "helper.py": f"""
                FACTOR = {factor}
                class Factor:
                    value = {factor}
                    def late(self):
                        from other import VALUE
                        return VALUE
                """,
            "other.py": f"VALUE = {factor}",
            "package/__init__.py": "",
            "package/inner.py": "from helper import FACTOR",
            "namespace/inner.py": "from helper import FACTOR",
        }
        for name, text in files.items():
            directory.add(name, text)
        directory.extend_golden("from helper import Factor\nPARAMS_LIST = [{'factor': Factor()}]")
        directory.extend_golden(COMPUTE.format(body=body))
    pytester.runpytest(*plugin_args).assert_outcomes(passed=2)


def test_siblings_keep_their_state_between_calls(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.add("helper.py", "FACTOR = None")
    doubler.extend_golden(
        """
        def generate_inputs(params):
            import helper

            helper.FACTOR = 2
            return {"x": np.arange(8, dtype=np.float32), "out_y": np.zeros(8, np.float32)}
        """
    )
    doubler.extend_golden(COMPUTE.format(body="from helper import FACTOR"))
    pytester.runpytest().assert_outcomes(passed=1)


def test_modules_of_tests_stay_theirs(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    pytester.makepyfile(
        helper="FACTOR = 'of the tests'",
        conftest="import helper",
        test_it="""
            import sys

            def test(a2a3sim):
                module = sys.modules["helper"]
                a2a3sim.run_case("doubler").check()
                assert sys.modules["helper"] is module
                assert "other" not in sys.modules
                assert not [path for path in sys.path if path.endswith("doubler")]
            """,
    )
    doubler.add("helper.py", "import other\nFACTOR = 2")
    doubler.add("other.py", "")
    doubler.extend_golden(COMPUTE.format(body="from helper import FACTOR"))
    pytester.runpytest().assert_outcomes(passed=2)


# What one call does to its params is not seen by the next.
@pytest.mark.parametrize(
    ("params", "change"),
    [
        ("{'shape': [8]}", "params['shape'].pop()"),
        ("{'deep': {'shape': ([8],)}}", "params['deep']['shape'][0].pop()"),
        ("{'lock': LOCK, 'shape': [8]}", "params['shape'].pop()"),
        ("{'both': [LOCK, [8]]}", "params['both'][1].pop()"),
        ("{'array': np.ones(2)}", "params['array'][:] = 0"),
        ("{'n': 8}", "params['n'] = 9"),
    ],
)
def test_params_are_not_shared_between_calls(
    pytester: pytest.Pytester, doubler: GoldenDir, params: str, change: str
) -> None:
    doubler.extend_golden(
        f"""
        import threading

        LOCK = threading.Lock()
        SHARED = {params}
        PARAMS_LIST = [dict(name="a", **SHARED), dict(name="b", **SHARED)]


        def generate_inputs(params):
            assert repr(params) == repr({{"name": params["name"], **SHARED}})
            {change}
            return {{"x": np.arange(8, dtype=np.float32), "out_y": np.zeros(8, np.float32)}}


        def compute_golden(tensors, params):
            assert repr(params) == repr({{"name": params["name"], **SHARED}})
            {change}
            tensors["out_y"][:] = 2 * tensors["x"]
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("runs_in", "options"), [("project", ()), (".", ("--rootdir=project",))], ids=["cwd", "rootdir"]
)
def test_modules_of_a_project_that_nothing_marks(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    runs_in: str,
    options: tuple[str, ...],
) -> None:
    """As in an archive of a repository: no .git, no pyproject.toml."""
    doubler = GoldenDir.create(pytester.path / "project" / "tests" / "doubler")
    doubler.extend_golden("from shared_by_goldens import factor\nassert factor == 2\n")
    elsewhere = pytester.path / "golden"  # above the project: somebody else's
    for folder, factor in ((pytester.path / "project" / "golden", 2), (elsewhere, 3)):
        folder.mkdir()
        (folder / "shared_by_goldens.py").write_text(f"factor = {factor}\n")
    monkeypatch.chdir(pytester.path / runs_in)
    result = pytester.runpytest_subprocess(*options, str(doubler.path))
    result.assert_outcomes(passed=1)
    (pytester.path / "project" / "golden" / "shared_by_goldens.py").unlink()
    result = pytester.runpytest_subprocess(*options, str(doubler.path))
    if runs_in == "project":
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*No module named 'shared_by_goldens'*"])


def test_the_current_directory_counts_when_a_golden_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubler = GoldenDir.create(tmp_path / "project" / "doubler")
    doubler.extend_golden("import shared_by_goldens_too\n")
    folder = tmp_path / "project" / "golden"
    folder.mkdir()
    (folder / "shared_by_goldens_too.py").touch()
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(GoldenError, match="No module named 'shared_by_goldens_too'"):
        load_golden(doubler.golden_py)
    monkeypatch.chdir(tmp_path / "project")
    load_golden(doubler.golden_py)
