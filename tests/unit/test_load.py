from __future__ import annotations

import re
import sys
import types
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.loading.golden import load_case, load_golden
from pytest_a2a3sim.model.errors import GoldenError, SettingsError
from pytest_a2a3sim.model.tolerance import Tolerance

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


def test_defaults(golden_dir: GoldenDir) -> None:
    golden = load_golden(golden_dir.golden_py)
    assert [(case.name, dict(case.params)) for case in golden.cases] == [("default", {})]
    assert golden.outputs is None
    assert golden.tensor_order is None
    assert golden.tolerances.of("out_y", "float32") == Tolerance(rtol=1e-5, atol=1e-5)


def test_params_list_wins_over_all_cases(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden(
        """
        ALL_CASES = {"A": {"n": 1}, "B": {"n": 2}}
        PARAMS_LIST = [{"name": "chosen", **ALL_CASES["B"]}]
        """
    )
    cases = load_golden(golden_dir.golden_py).cases
    assert [(case.name, dict(case.params), case.runs_by_default) for case in cases] == [
        ("chosen", {"name": "chosen", "n": 2}, True)
    ]


def test_all_cases_with_a_default(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden(
        """
        ALL_CASES = {"Default": {"n": 1}, "Large": {"n": 9}}
        """
    )
    cases = load_golden(golden_dir.golden_py).cases
    assert [(case.name, dict(case.params), case.runs_by_default) for case in cases] == [
        ("Default", {"name": "Default", "n": 1}, True),
        ("Large", {"name": "Large", "n": 9}, False),
    ]


def test_tolerances_by_tensor(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden("RTOL = {'out_y': 0.5}\nATOL = 0")
    tolerances = load_golden(golden_dir.golden_py).tolerances
    assert tolerances.of("out_y", "float32") == Tolerance(rtol=0.5, atol=0.0)
    assert tolerances.of("out_z", "float32") == Tolerance(rtol=1e-5, atol=0.0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PARAMS_LIST = []", r"PARAMS_LIST is empty, so nothing would be tested"),
        ("PARAMS_LIST = {'n': 1}", r"PARAMS_LIST must be a list of dicts.*got \{'n': 1\} \(dict\)"),
        ("PARAMS_LIST = [1]", r"PARAMS_LIST\[0\] must be a dict; got 1 \(int\)"),
        ("PARAMS_LIST = [{1: 2}]", r"PARAMS_LIST\[0\] key must be a string; got 1"),
        ("ALL_CASES = {}", r"ALL_CASES must be a non-empty dict"),
        (
            "ALL_CASES = {'A': {}, 'B': {}}\nDEFAULT_CASE = 'C'",
            r"DEFAULT_CASE is 'C', which is not in ALL_CASES; known cases: 'A', 'B'",
        ),
        ("ALL_CASES = {'A': {}}", r"DEFAULT_CASE is 'Default', which is not in ALL_CASES"),
        ("RTOL = -1", r"RTOL must be a number, at least 0; got -1 \(int\)"),
        ("RTOL = 'x'", r"RTOL must be a number"),
        ("ATOL = float('nan')", r"ATOL must be a number"),
        ("ATOL = {'out_y': None}", r"ATOL\['out_y'\] must be a number"),
        ("__outputs__ = 'out_y'", r"__outputs__ must be a list of tensor names; got 'out_y'"),
        ("TENSOR_ORDER = [1]", r"TENSOR_ORDER must be a list of tensor names"),
        ("compute_golden = 3", r"compute_golden must be a function; got 3"),
        ("del generate_inputs", r"generate_inputs is missing; define"),
        ("1 / 0", r"golden.py cannot be loaded: ZeroDivisionError: division by zero"),
        ("import sys; sys.exit(2)", r"golden.py cannot be loaded: SystemExit: 2"),
        ("def broken(:", r"golden.py cannot be loaded: SyntaxError"),
        ("import no_such_module", r"ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
def test_bad_golden(golden_dir: GoldenDir, text: str, message: str) -> None:
    golden_dir.extend_golden(text)
    with pytest.raises(GoldenError, match=message) as caught:
        load_golden(golden_dir.golden_py)
    assert str(golden_dir.golden_py) in str(caught.value)


def test_error_shows_the_users_line_and_none_of_ours(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden("def f():\n    raise ValueError('boom')\nf()")
    with pytest.raises(GoldenError) as caught:
        load_golden(golden_dir.golden_py)
    message = str(caught.value)
    assert re.search(r'File ".*golden.py", line \d+, in f\n    raise ValueError', message)
    assert "pytest_a2a3sim" not in message


def test_missing_files(golden_dir: GoldenDir, tmp_path: Path) -> None:
    with pytest.raises(GoldenError, match=r"golden.py is missing\n.*nowhere"):
        load_golden(tmp_path / "nowhere" / "golden.py")
    (golden_dir.path / "kernels" / "kernel_config.py").unlink()
    with pytest.raises(GoldenError, match=r"kernel_config.py is missing\n.* does not exist"):
        load_golden(golden_dir.golden_py)


def test_siblings_of_two_directories_stay_apart(golden_dir: GoldenDir, tmp_path: Path) -> None:
    other = type(golden_dir).create(tmp_path / "other")
    for directory, value in ((golden_dir, 1), (other, 2)):
        (directory.path / "sizes.py").write_text(f"N = {value}\n")
        directory.extend_golden("from sizes import N\nPARAMS_LIST = [{'n': N}]")
    names = [load_golden(d.golden_py).cases[0].name for d in (golden_dir, other)]
    assert names == ["n=1", "n=2"]
    assert "sizes" not in sys.modules


def test_an_import_of_another_thread_misses_nothing(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has come to the second entry when the golden's own places and stand-ins go away."""
    walks = types.ModuleType("walks")
    monkeypatch.setitem(sys.modules, "walks", walks)
    golden_dir.extend_golden(
        "import sys, walks, simpler.task_interface\n"
        "walks.path, walks.finders = iter(sys.path), iter(sys.meta_path)\n"
        "next(walks.path), next(walks.finders)\n"
    )
    load_golden(golden_dir.golden_py)
    assert list(walks.path)[: len(sys.path)] == sys.path
    assert list(walks.finders) == sys.meta_path


def test_loading_leaves_no_bytecode(golden_dir: GoldenDir) -> None:
    load_golden(golden_dir.golden_py)
    assert not list(golden_dir.path.rglob("__pycache__"))


def test_case_by_name(golden_dir: GoldenDir) -> None:
    golden_dir.extend_golden("PARAMS_LIST = [{'n': 1}, {'n': 2}]")
    assert load_case(golden_dir.path)[1].name == "n=1"
    assert load_case(golden_dir.path, "n=2")[1].params == {"n": 2}
    assert load_case(golden_dir.path, params={"n": 3})[1].params == {"n": 3}
    with pytest.raises(SettingsError, match=r"has no case 'n=9'; its cases: 'n=1', 'n=2'"):
        load_case(golden_dir.path, "n=9")
    with pytest.raises(SettingsError, match="not both"):
        load_case(golden_dir.path, "n=1", params={})
