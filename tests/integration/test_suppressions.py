"""SUPPRESSIONS of kernel_config.py, and the ini key ``sim_suppressions``."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pytest_a2a3sim import (
    SanitizerError,
    SanitizerReport,
    Settings,
    Suppression,
    run_case,
)
from tests.integration.racing import CONFIG, race
from tests.integration.test_json import documented_schema

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

RACES = Settings(sanitize=("racecheck",))
ALL = Settings(sanitize=("memcheck", "racecheck", "initcheck"))
WHERE = "(of doubler/kernels/kernel_config.py)"
UNUSED = "a suppression leaves out nothing, remove it: "


def suppress(directory: GoldenDir, *suppressions: Any, config: str = CONFIG) -> None:
    directory.kernel_config(f"{config}\nSUPPRESSIONS = {list(suppressions)!r}\n")


def report_of(directory: GoldenDir, settings: Settings = RACES) -> SanitizerReport:
    report = run_case(directory.path, settings=settings).sanitizer
    assert report is not None
    return report


@pytest.mark.parametrize(
    "suppression",
    [
        {"kernels": ["double", "add"]},
        {"kernels": ("add", "double")},
        {"kernels": "double"},
        {"kernels": ["add"]},
        {"kernels": ["double", "add"], "check": "racecheck"},
        {"kernels": ["double", "add"], "check": "all"},
        {"kernels": ["double", "add"], "tensor": "out_y"},
        {"kernels": "add", "tensor": "out_y", "check": "racecheck"},
    ],
)
def test_a_race_is_left_out(golden_dir: GoldenDir, suppression: dict[str, Any]) -> None:
    race(golden_dir)
    suppress(golden_dir, suppression | {"reason": "adds"})
    result = run_case(golden_dir.path, settings=RACES)
    result.check()
    report = result.sanitizer
    assert report is not None
    assert (report.findings, report.total, report.suppressed) == ((), 0, 1)
    (used,) = report.suppressions
    assert (used.findings, used.suppression.reason) == (1, "adds")


@pytest.mark.parametrize(
    "suppression",
    [
        {"kernels": ["double", "double"]},
        {"kernels": ["double", "add"], "check": "memcheck"},
        {"kernels": ["double", "add"], "tensor": "x"},
        {"kernels": ["double", "add"], "check": "initcheck", "tensor": "out_y"},
    ],
)
def test_another_one_is_not(golden_dir: GoldenDir, suppression: dict[str, Any]) -> None:
    race(golden_dir)
    suppress(golden_dir, suppression | {"reason": "adds"})
    report = report_of(golden_dir)
    assert (report.total, report.suppressed) == (1, 0)


def test_the_first_that_matches_counts(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    suppress(
        golden_dir,
        {"kernels": "double", "reason": "first"},
        {"kernels": "add", "reason": "second"},
    )
    report = report_of(golden_dir)
    counts = {used.suppression.reason: used.findings for used in report.suppressions}
    assert counts == {"first": 1, "second": 0}


def test_a_writer_that_nothing_orders_takes_part(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    suppress(golden_dir, {"kernels": ["add", "double"], "reason": "adds"})
    report = report_of(golden_dir, ALL)
    assert (report.total, report.suppressed) == (0, 2)


def test_what_follows_from_a_suppressed_race_stands_for_itself(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    followed = report_of(golden_dir, ALL)
    assert [(each.check, each.consequence) for each in followed.findings] == [
        ("racecheck", False),
        ("initcheck", True),
    ]
    suppress(golden_dir, {"check": "racecheck", "kernels": ["add", "double"], "reason": "adds"})
    (finding,) = report_of(golden_dir, ALL).findings
    assert (finding.check, finding.consequence, finding.edge) == ("initcheck", False, (0, 1))


THREE = CONFIG.replace(
    "]\nORCH",
    '    {"func_id": 2, "name": "late", "source": "add.cpp", "core_type": "aiv"},\n]\nORCH',
)


def test_a_race_that_only_a_suppressed_one_explains_gets_an_edge(golden_dir: GoldenDir) -> None:
    """0 leads to 1, and both race with 2: an edge from 1 to 2 would mend both."""
    race(golden_dir)
    golden_dir.orchestration_body(
        """
        for (int id = 0; id < 3; ++id) runtime->add_task(task, 3, id, CoreType::AIV);
        runtime->add_successor(0, 1);
        runtime->record_tensor_pair(host_y, y, args[3]);
        return 0;
        """
    )
    golden_dir.kernel_config(THREE)
    edges = {finding.tasks: finding.edge for finding in report_of(golden_dir).findings}
    assert edges == {(0, 2): None, (1, 2): (1, 2)}
    suppress(golden_dir, {"kernels": ["late", "add"], "reason": "adds"}, config=THREE)
    (finding,) = report_of(golden_dir).findings
    assert (finding.tasks, finding.consequence, finding.edge) == ((0, 2), False, (0, 2))


def test_of_the_settings(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    suppression = Suppression(("add", "double"), "adds", tensor="out_y")
    settings = Settings(sanitize=("racecheck",), suppressions=(suppression,))
    report = report_of(golden_dir, settings)
    assert (report.total, report.suppressed) == (0, 1)


def test_is_shown_when_the_case_passes(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler)
    suppress(doubler, {"check": "racecheck", "kernels": ["double", "add"], "reason": "adds"})
    arguments = ("--sim-sanitize=racecheck", "--sim-json=report.json", *plugin_args)
    pytester._monkeypatch.setenv("COLUMNS", "200")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["checked (racecheck) *, 1 finding suppressed, 0 findings"])
    result.stdout.fnmatch_lines([f"suppressed 1 finding: racecheck double add {WHERE}: adds"])
    result.stdout.no_fnmatch_line(f"*{UNUSED}*")
    document = json.loads((pytester.path / "report.json").read_text())
    jsonschema.validate(document, documented_schema())
    (case,) = document["cases"]
    assert case["sanitizer"]["suppressed"] == 1
    assert case["sanitizer"]["suppressions"] == [
        {
            "check": "racecheck",
            "kernels": ["double", "add"],
            "tensor": None,
            "reason": "adds",
            "file": "doubler/kernels/kernel_config.py",
            "findings": 1,
        }
    ]


def test_is_shown_when_others_are_left(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    suppress(golden_dir, {"check": "racecheck", "kernels": "add", "reason": "adds"})
    failure = run_case(golden_dir.path, settings=ALL).failure
    assert isinstance(failure, SanitizerError)
    lines = str(failure).splitlines()
    assert lines[0] == "the sanitizer has 1 finding: 1 initcheck UNINITIALIZED"
    assert any(
        line.startswith("suppressed 1 finding: racecheck add (of ") and line.endswith("): adds")
        for line in lines
    )


@pytest.mark.parametrize(
    "line",
    [
        "racecheck double add: adds",
        "all add double out_y: adds: it does",
        "racecheck double:adds",
        "racecheck  add  *  out_y : adds",
    ],
)
def test_ini(
    pytester: pytest.Pytester, doubler: GoldenDir, line: str, plugin_args: tuple[str, ...]
) -> None:
    race(doubler)
    pytester.makeini(
        f"[pytest]\nsim_suppressions =\n    memcheck SF * out: of others\n    {line}\n"
    )
    result = pytester.runpytest_subprocess("--sim-sanitize=racecheck", *plugin_args)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["suppressed 1 finding: * (of ini sim_suppressions): adds*"])
    result.stdout.no_fnmatch_line(f"*{UNUSED}*")


def test_an_unused_one_is_a_warning_of_the_session(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler, "runtime->add_successor(writes, adds);")
    doubler.extend_golden("PARAMS_LIST = [{'n': n} for n in range(3)]")
    suppress(doubler, {"kernels": "add", "reason": "adds"})
    pytester.makeini("[pytest]\nsim_suppressions = racecheck add double: of the session\n")
    result = pytester.runpytest_subprocess("--sim-sanitize=racecheck", *plugin_args)
    result.assert_outcomes(passed=3, warnings=2)
    result.stdout.fnmatch_lines(
        [
            f"*{UNUSED}all add (of doubler/kernels/kernel_config.py): adds",
            f"*{UNUSED}racecheck add double (of ini sim_suppressions): of the session",
        ]
    )


def test_one_case_that_uses_it_is_enough(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler, "if (reinterpret_cast<float*>(host_x)[0] > 0) RELEASE;")
    text = (doubler.path / "kernels" / "orchestration.cpp").read_text()
    ordered = text.replace("RELEASE", "runtime->add_successor(writes, adds)")
    doubler.orchestration(ordered)
    doubler.extend_golden(
        """
        PARAMS_LIST = [{"first": 0}, {"first": 1}]


        def generate_inputs(params):
            x = np.arange(8, dtype=np.float32) + params["first"]
            return {"x": x, "out_y": np.zeros(8, dtype=np.float32)}
        """
    )
    suppress(doubler, {"kernels": "add", "reason": "adds"})
    result = pytester.runpytest_subprocess("--sim-sanitize=racecheck", *plugin_args)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["suppressed 1 finding: all add *"])


def crash(directory: GoldenDir) -> None:
    directory.kernel_body("*reinterpret_cast<volatile int*>(8) = 1;")


def of_another_check(directory: GoldenDir) -> None:
    suppress(directory, {"check": "memcheck", "kernels": "add", "reason": "adds"})


@pytest.mark.parametrize(
    ("change", "option"),
    [
        (crash, "--sim-sanitize=racecheck"),
        (of_another_check, "--sim-sanitize=racecheck"),
        (lambda _: None, "--sim-orders=off"),
    ],
    ids=["crashed", "another-check", "not-sanitized"],
)
def test_no_warning_without_a_case_that_could_use_it(
    pytester: pytest.Pytester, doubler: GoldenDir, change: Any, option: str
) -> None:
    race(doubler, "runtime->add_successor(writes, adds);")
    suppress(doubler, {"kernels": "add", "reason": "adds"})
    change(doubler)
    result = pytester.runpytest_subprocess(option)
    result.stdout.no_fnmatch_line(f"*{UNUSED}*")


def test_an_unused_one_fails_the_session_where_warnings_are_errors(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    race(doubler, "runtime->add_successor(writes, adds);")
    suppress(doubler, {"kernels": "add", "reason": "adds"})
    result = pytester.runpytest_subprocess("--sim-sanitize=racecheck", "-Werror", *plugin_args)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([f"ERROR: {UNUSED}all add *"])


def test_command(golden_dir: GoldenDir) -> None:
    race(golden_dir)
    suppress(
        golden_dir,
        {"check": "racecheck", "kernels": "add", "reason": "adds"},
        {"check": "racecheck", "kernels": "double", "reason": "of old"},
    )
    kernels, golden = str(golden_dir.path / "kernels"), str(golden_dir.golden_py)
    command = (sys.executable, "-m", "pytest_a2a3sim.cli", "run", "-k", kernels, "-g", golden)
    done = subprocess.run(
        [*command, "--sanitize=racecheck"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    where = f"(of {kernels}/kernel_config.py)"
    lines = done.stdout.splitlines()
    assert f"suppressed 1 finding: racecheck add {where}: adds" in lines
    assert f"warning: {UNUSED}racecheck double {where}: of old" in lines
