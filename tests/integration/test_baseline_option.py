"""``--sim-baseline``: errors and critical paths that have grown since an earlier report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import pytest_a2a3sim
from pytest_a2a3sim.cli import main

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

SCHEMA = Path(pytest_a2a3sim.__file__).parent / "reporting" / "report.schema.json"
BASELINE = "--sim-baseline=main.json"
DEEPER = """
int first = runtime->add_task(task, 3, 0, CoreType::AIV);
int second = runtime->add_task(task, 3, 0, CoreType::AIV);
runtime->add_successor(first, second);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


@pytest.fixture
def inexact(pytester: pytest.Pytester, doubler: GoldenDir) -> GoldenDir:
    """A golden directory whose outputs differ by a part of 1e-4 in main.json."""
    doubler.extend_golden("RTOL = 1e-2\nATOL = 0\nPARAMS_LIST = [{'n': 1}, {'n': 2}]")
    off_by(doubler, "1e-4f")
    pytester.runpytest("--sim-json=main.json").assert_outcomes(passed=2)
    return doubler


def off_by(golden: GoldenDir, error: str) -> None:
    golden.kernel_body(f"for (int i = 0; i < 8; ++i) y[i] = 2 * x[i] * (1 + {error});")


def compared(pytester: pytest.Pytester, *arguments: str) -> tuple[pytest.RunResult, list[Any]]:
    result = pytester.runpytest(BASELINE, "--sim-json=now.json", *arguments)
    document = json.loads((pytester.path / "now.json").read_text())
    jsonschema.validate(document, json.loads(SCHEMA.read_text()))
    return result, [case["regressions"] for case in document["cases"]]


def test_errors_that_have_grown_are_listed(
    pytester: pytest.Pytester, inexact: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    off_by(inexact, "1e-3f")
    result, cases = compared(pytester, *plugin_args)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        [
            "baseline main.json: 2 cases worse, 0 new, 0 of it did not run",
            "  doubler/golden.py::n=1",
            "    out_y: largest absolute error 0.0014 -> 0.014, * times as large",
            "    out_y: largest relative error 0.0001 -> 0.001, * times as large",
            "  doubler/golden.py::n=2",
        ]
    )
    names = [(each["what"], each["tensor"]) for each in cases[0]]
    assert names == [("max_abs_error", "out_y"), ("max_rel_error", "out_y")]
    assert cases[0] == cases[1]
    assert cases[0][0]["now"] > 9 * cases[0][0]["before"]


def test_strict_fails_what_is_worse(
    pytester: pytest.Pytester, inexact: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    off_by(inexact, "1e-3f")
    result, cases = compared(pytester, "--sim-strict", *plugin_args)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "worse than in the baseline: out_y: largest absolute error 0.0014 -> 0.014, *",
            "  out_y: largest relative error 0.0001 -> 0.001, *",
            "This is an error because of --sim-strict.",
            "If it is meant to be so, write main.json anew with --sim-json.",
        ]
    )
    assert len(cases[0]) == 2
    failures = json.loads((pytester.path / "now.json").read_text())["cases"]
    assert {case["failure"]["kind"] for case in failures} == {"regression"}


@pytest.mark.parametrize("error", ["1e-4f", "1.9e-4f", "0", "-1e-4f"])
def test_what_grows_by_less_than_the_factor_is_not_listed(
    pytester: pytest.Pytester, inexact: GoldenDir, error: str
) -> None:
    off_by(inexact, error)
    result, cases = compared(pytester, "--sim-strict")
    result.assert_outcomes(passed=2)
    assert cases == [[], []]


def test_factor(pytester: pytest.Pytester, inexact: GoldenDir) -> None:
    off_by(inexact, "1.9e-4f")
    pytester.makeini("[pytest]\nsim_baseline_factor = 1.5")
    assert compared(pytester)[1][0] != []
    pytester.makeini("[pytest]\nsim_baseline_factor = 0.5")
    result = pytester.runpytest(BASELINE)
    result.stderr.fnmatch_lines(
        "ERROR: ini sim_baseline_factor must be a number of at least 1; got '0.5'"
    )


def test_rounding_and_what_is_far_below_the_tolerance_are_no_regressions(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    doubler.extend_golden("RTOL = ATOL = 1e-2")
    pytester.runpytest("--sim-json=main.json").assert_outcomes(passed=1)
    for error, worse in (("3e-7f", 0), ("1e-5f", 0), ("5e-4f", 1)):
        off_by(doubler, error)
        assert len(compared(pytester)[1][0]) == worse


def test_longer_critical_path(pytester: pytest.Pytester, inexact: GoldenDir) -> None:
    inexact.orchestration_body(DEEPER)
    result, cases = compared(pytester, "doubler/golden.py::n=1")
    result.stdout.fnmatch_lines(
        [
            "baseline main.json: 1 case worse, 0 new, 1 of it did not run",
            "    critical path 1 -> 2 tasks",
        ]
    )
    assert cases == [[{"what": "critical_tasks", "tensor": None, "before": 1, "now": 2}]]


def test_cases_that_are_new_or_fail_are_not_compared(
    pytester: pytest.Pytester, inexact: GoldenDir
) -> None:
    inexact.extend_golden("PARAMS_LIST = [{'n': 1}, {'n': 3}]")
    off_by(inexact, "1")
    result, cases = compared(pytester)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines("baseline main.json: 0 cases worse, 1 new, 1 of it did not run")
    assert cases == [None, None]


def test_merged_report_as_baseline(pytester: pytest.Pytester, inexact: GoldenDir) -> None:
    for name in ("n=1", "n=2"):
        pytester.runpytest(f"--sim-json={name}.json", f"doubler/golden.py::{name}")
    assert main(["report", "merge", "n=1.json", "n=2.json", "-o", "main.json"]) == 0
    off_by(inexact, "1e-3f")
    assert [len(case) for case in compared(pytester)[1]] == [2, 2]


@pytest.mark.usefixtures("own_cache")
def test_pass_of_another_baseline_is_none_with_strict(
    pytester: pytest.Pytester, inexact: GoldenDir
) -> None:
    arguments = (BASELINE, "--sim-strict", "--sim-affected")
    pytester.runpytest(*arguments).assert_outcomes(passed=2)
    pytester.runpytest(*arguments).assert_outcomes(deselected=2)
    main_json = inexact.path.parent / "main.json"
    document = json.loads(main_json.read_text())
    for name in ("max_abs_error", "max_rel_error"):
        document["cases"][0]["tensors"][0][name] = 0.0
    main_json.write_text(json.dumps(document))
    pytester.runpytest(*arguments).assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "the report cannot be read: No such file or directory; write one with *"),
        ("no", "this is no JSON: *"),
        ("[]", "this is no report of --sim-json; *"),
        ('{"schema": 2, "cases": []}', "the report has schema 2, not 1: another version wrote it*"),
        ('{"schema": 1, "cases": [{}]}', "a case is not as --sim-json has it (KeyError('graph'))*"),
        ('{"schema": 1, "cases": ["x"]}', "a case is not as --sim-json has it (TypeError*"),
    ],
)
def test_bad_file(pytester: pytest.Pytester, text: str | None, message: str) -> None:
    if text is not None:
        (pytester.path / "main.json").write_text(text)
    result = pytester.runpytest(BASELINE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(f"ERROR: --sim-baseline: {message}".replace("[", "[[]"))
