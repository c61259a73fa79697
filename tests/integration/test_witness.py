"""``--sim-witness``: what the two orders of a race do to outputs whose values are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import pytest_a2a3sim
from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.cli.command import main
from pytest_a2a3sim.model.record import (
    WitnessDifferenceRecord,
    WitnessRecord,
    WitnessRunRecord,
)
from pytest_a2a3sim.model.schedule import Schedule
from pytest_a2a3sim.model.witness import Witness, WitnessDifference, WitnessRun

if TYPE_CHECKING:
    from pytest_a2a3sim import CaseResult
    from tests.golden_dirs import GoldenDir

SCHEMA = Path(pytest_a2a3sim.__file__).parent / "reporting" / "report.schema.json"
CONFIG = """
KERNELS = [
    {"func_id": 0, "source": "double.cpp", "core_type": "aiv"},
    {"func_id": 1, "source": "next.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
"""
NEXT = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = x[i] + 1;
}
"""
# between holds x, and what a task writes into it.
FRAME = """
    void* between = api.device_malloc(args[2]);
    api.copy_to_device(between, host_x, args[2]);
    const auto add = [&](int func_id, void* from, void* to) {
        const auto address = [](void* buffer) { return reinterpret_cast<uint64_t>(buffer); };
        uint64_t each[] = {address(from), address(to), args[4]};
        return runtime->add_task(each, 3, func_id, CoreType::AIV);
    };
"""
END = """
    runtime->record_tensor_pair(host_y, y, args[3]);
    return 0;
"""
RAW = "add(0, x, between); add(1, between, y);"
WAR = "add(1, between, y); add(0, x, between);"
WAW = "add(0, x, y); add(1, x, y);"
FORWARD, BACKWARD = Schedule.before(0, 1), Schedule.before(1, 0)
RACECHECK = Settings(threads=1, sanitize=("racecheck",), witness=True)


def racing(golden_dir: GoldenDir, tasks: str, expected: str) -> None:
    """x is 0, 1, ..., 7; out_y is expected to be a function of it."""
    golden_dir.kernel_config(CONFIG)
    golden_dir.kernel(NEXT, "next.cpp")
    golden_dir.orchestration_body(FRAME + tasks + END)
    golden_dir.extend_golden(
        f"def compute_golden(tensors, params):\n"
        f'    x = tensors["x"]\n    tensors["out_y"][:] = {expected}\n'
    )


def witnesses_of(result: CaseResult) -> list[Witness | None]:
    assert result.sanitizer is not None
    return [finding.witness for finding in result.sanitizer.findings]


def witness_of(golden_dir: GoldenDir) -> Witness:
    (witness,) = witnesses_of(run_case(golden_dir.path, settings=RACECHECK))
    assert witness is not None
    return witness


@pytest.mark.parametrize(
    ("kind", "tasks", "expected", "difference"),
    [
        ("RAW", RAW, "2 * x + 1", WitnessDifference("out_y", 7, 8, (1,), ("3.0", "2.0"), 7.0)),
        ("WAR", WAR, "x + 1", WitnessDifference("out_y", 7, 8, (1,), ("2.0", "3.0"), 7.0)),
        ("WAW", WAW, "x + 1", WitnessDifference("out_y", 7, 8, (0,), ("1.0", "0.0"), 6.0)),
    ],
)
def test_race(
    golden_dir: GoldenDir, kind: str, tasks: str, expected: str, difference: WitnessDifference
) -> None:
    racing(golden_dir, tasks, expected)
    result = run_case(golden_dir.path, settings=RACECHECK)
    assert result.sanitizer is not None
    (finding,) = result.sanitizer.findings
    assert (finding.kind, finding.tasks) == (kind, (0, 1))
    right, wrong = WitnessRun(FORWARD), WitnessRun(BACKWARD, ("out_y",))
    assert finding.witness == Witness((right, wrong), (difference,))
    assert finding.witness.shows
    assert all(diff.passed for diff in result.diffs)


@pytest.mark.parametrize("tasks", [RAW, WAR, WAW])
def test_the_schedules_show_it_again(golden_dir: GoldenDir, tasks: str) -> None:
    """Also the order that does not match is executed again without instrumentation."""
    racing(golden_dir, tasks, "2 * x + 1" if tasks == RAW else "x + 1")
    for run in witness_of(golden_dir).runs:
        settings = Settings(threads=1, orders=0, schedule=run.schedule)
        result = run_case(golden_dir.path, settings=settings)
        wrong = tuple(diff.name for diff in result.diffs if not diff.passed)
        assert wrong == run.mismatched


def test_what_is_told(golden_dir: GoldenDir) -> None:
    racing(golden_dir, RAW, "2 * x + 1")
    lines = str(run_case(golden_dir.path, settings=RACECHECK).failure).splitlines()
    start = lines.index("  add the edge: runtime->add_successor(0, 1);") + 1
    assert lines[start : start + 5] == [
        "  witness: the outputs depend on the order of the two",
        (
            "    out_y differs in 7 of 8 elements (largest difference 7); "
            "the first is out_y[1]: 3.0 and 2.0"
        ),
        (
            "    task 0 before task 1: every output matches the expected values "
            "(--sim-schedule=before:0,1 --sim-threads=1)"
        ),
        (
            "    task 1 before task 0: out_y does not match the expected values "
            "(--sim-schedule=before:1,0 --sim-threads=1)"
        ),
        "",
    ]


def test_equal_outputs(golden_dir: GoldenDir) -> None:
    racing(golden_dir, "add(1, x, y); add(1, x, y);", "x + 1")
    result = run_case(golden_dir.path, settings=RACECHECK)
    (witness,) = witnesses_of(result)
    assert witness == Witness((WitnessRun(FORWARD), WitnessRun(BACKWARD)))
    assert not witness.shows
    assert (
        "  witness: either order leaves the same outputs, bit for bit: the race is real, but this "
        "input does not show it\n"
    ) in str(result.failure)
    assert not result.passed


def test_equal_outputs_that_match_in_neither_order(golden_dir: GoldenDir) -> None:
    racing(golden_dir, "add(1, x, y); add(1, x, y);", "x + 2")
    wrong = WitnessRun(FORWARD, ("out_y",)), WitnessRun(BACKWARD, ("out_y",))
    assert witness_of(golden_dir) == Witness(wrong)


@pytest.mark.parametrize(
    ("does", "failure", "message"),
    [
        ("__builtin_trap();", "kernel-fault", "kernel 'next' in task 1 received SIG"),
        ("for (volatile bool forever = true; forever;) {}", "kernel-hang", "the graph hangs: "),
    ],
)
def test_an_order_that_fails(golden_dir: GoldenDir, does: str, failure: str, message: str) -> None:
    racing(golden_dir, RAW, "2 * x + 1")
    check = f"if (x[1] != 2) {{ {does} }}\n    for"
    golden_dir.kernel(NEXT.replace("for", check), "next.cpp")
    result = run_case(golden_dir.path, settings=RACECHECK)
    (witness,) = witnesses_of(result)
    assert witness is not None
    right, wrong = witness.runs
    assert (right, wrong.schedule, wrong.failure) == (WitnessRun(FORWARD), BACKWARD, failure)
    assert (wrong.message or "").startswith(message)
    assert witness.shows
    text = str(result.failure)
    assert "  witness: one order of the two runs to its end, the other one does not\n" in text
    assert f"    task 1 before task 0: {failure}: {message}" in text


def test_a_kernel_that_is_not_deterministic(golden_dir: GoldenDir) -> None:
    racing(golden_dir, RAW, "2 * x + 1")
    clock = "timespec now;\n    clock_gettime(CLOCK_MONOTONIC, &now);\n    for"
    kernel = NEXT.replace("for", clock).replace("+ 1;", "+ 1 + 1e-9f * now.tv_nsec;")
    golden_dir.kernel(f"#include <ctime>\n{kernel}", "next.cpp")
    result = run_case(golden_dir.path, settings=RACECHECK)
    (witness,) = witnesses_of(result)
    assert witness is not None
    assert not witness.repeated
    assert not witness.shows
    assert "witness: two runs in one and the same order end differently" in str(result.failure)


def test_outputs_that_golden_py_compares(golden_dir: GoldenDir) -> None:
    """It may leave elements out, or compare by itself; what differs is told all the same."""
    difference = WitnessDifference("out_y", 7, 8, (1,), ("3.0", "2.0"), 7.0)
    answers = {
        '{"out_y": slice(1)}': (),
        '{"out_y": slice(2)}': ("out_y",),
        "True": (),
        'bool(actual["out_y"][1] == 3)': ("out_y",),
    }
    for answer, mismatched in answers.items():
        racing(golden_dir, RAW, "2 * x + 1")
        golden_dir.extend_golden(
            f"def compare_outputs(actual, expected, params):\n    return {answer}\n"
        )
        runs = WitnessRun(FORWARD), WitnessRun(BACKWARD, mismatched)
        assert witness_of(golden_dir) == Witness(runs, (difference,))


def test_nothing_but_the_two_tasks_differs(golden_dir: GoldenDir) -> None:
    """Tasks 0 and 1 race without an effect on out_y, beside others that race with one."""
    tasks = "add(1, x, between); add(1, x, between); add(0, x, y); add(1, x, y);"
    racing(golden_dir, tasks, "x + 1")
    result = run_case(golden_dir.path, settings=RACECHECK)
    assert result.sanitizer is not None
    found = {finding.tasks: finding.witness for finding in result.sanitizer.findings}
    assert {tasks: witness and witness.shows for tasks, witness in found.items()} == {
        (0, 1): False,
        (2, 3): True,
    }


def test_a_bounded_number_of_races(golden_dir: GoldenDir) -> None:
    """Of races that look alike one is run; different kernels come first."""
    racing(golden_dir, "for (int k = 0; k < 12; ++k) add(k % 4, x, y);", "x + 1")
    golden_dir.kernel_config(
        CONFIG.replace(
            "]\nORCH",
            """    {"func_id": 2, "source": "double.cpp", "core_type": "aiv", "name": "third"},
    {"func_id": 3, "source": "next.cpp", "core_type": "aiv", "name": "fourth"},
]\nORCH""",
        )
    )
    result = run_case(golden_dir.path, settings=RACECHECK)
    assert result.sanitizer is not None
    findings = result.sanitizer.findings
    assert len(findings) == 12 * 11 // 2
    tried = [finding.kernels for finding in findings if finding.witness is not None]
    assert len(tried) == len(set(tried)) == 8
    untried = len(findings) - len(tried)
    assert (
        f"witness: 8 of {len(findings)} races were run in either order, different kernels first; "
        f"{untried} were not\n"
    ) in str(result.failure)


def test_consequences_are_not_tried(golden_dir: GoldenDir) -> None:
    tasks = """
        int one = add(0, x, between);
        int two = add(1, between, y);
        int three = add(1, between, y);
        runtime->add_successor(two, three);
        (void)one;
    """
    racing(golden_dir, tasks, "2 * x + 1")
    result = run_case(golden_dir.path, settings=RACECHECK)
    assert result.sanitizer is not None
    tried = {
        finding.consequence: finding.witness is not None for finding in result.sanitizer.findings
    }
    assert tried == {False: True, True: False}
    assert "were run in either order" not in str(result.failure)


@pytest.mark.parametrize(
    ("edge", "witness", "runs"),
    [
        # What optimised code shows is looked at in exact code once more; then come a run in each
        # order, and one more in each as they differ.
        ("", True, 2 + 2 + 2),
        ("", False, 2),
        ("runtime->add_successor(0, 1);", True, 1),
    ],
)
def test_runs(golden_dir: GoldenDir, edge: str, *, witness: bool, runs: int) -> None:
    racing(golden_dir, RAW + edge, "2 * x + 1")
    count = golden_dir.path / "runs"
    counting = (
        f'if (std::FILE* file = std::fopen("{count}", "a")) '
        "{ std::fputc('.', file); std::fclose(file); }\n    for"
    )
    kernel = NEXT.replace("for", counting)
    golden_dir.kernel(f"#include <cstdio>\n{kernel}", "next.cpp")
    settings = Settings(threads=1, sanitize=("racecheck",), witness=witness)
    result = run_case(golden_dir.path, settings=settings)
    assert result.passed is bool(edge)
    assert len(count.read_text()) == runs
    assert all(bool(each) is witness for each in witnesses_of(result))


def test_what_witness_runs_print_is_not_shown(
    golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]
) -> None:
    racing(golden_dir, RAW, "2 * x + 1")
    kernel = NEXT.replace("for", 'std::puts("next runs");\n    for')
    golden_dir.kernel(f"#include <cstdio>\n{kernel}", "next.cpp")
    assert witness_of(golden_dir).shows
    assert capfd.readouterr().out.count("next runs") == 1


def test_without_isolation_the_runs_are_isolated(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    racing(doubler, RAW, "2 * x + 1")
    crash = "if (x[1] != 2) { __builtin_trap(); }\n    for"
    doubler.kernel(NEXT.replace("for", crash), "next.cpp")
    result = pytester.runpytest_subprocess(
        "--sim-sanitize=racecheck", "--sim-witness", "--sim-isolation=none"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*task 1 before task 0: kernel-fault: *"])


def documented(part: str) -> dict[str, Any]:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return {"$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}


def test_option_and_json(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    racing(doubler, RAW, "2 * x + 1")
    result = pytester.runpytest_subprocess(
        *("--sim-sanitize=racecheck", "--sim-witness", "--sim-json=report.json", *plugin_args)
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  witness: the outputs depend on the order of the two"])
    (case,) = json.loads((pytester.path / "report.json").read_text())["cases"]
    (finding,) = case["sanitizer"]["findings"]
    jsonschema.validate(finding["witness"], documented("witness"))
    assert finding["witness"] == {
        "shows": True,
        "repeated": True,
        "runs": [
            {"schedule": "before:0,1", "mismatched": [], "failure": None, "message": None},
            {"schedule": "before:1,0", "mismatched": ["out_y"], "failure": None, "message": None},
        ],
        "differences": [
            {
                "tensor": "out_y",
                "count": 7,
                "size": 8,
                "first": [1],
                "values": ["3.0", "2.0"],
                "largest": 7.0,
            }
        ],
    }


@pytest.mark.parametrize(
    ("described", "record"),
    [
        ("witness", WitnessRecord),
        ("witness_run", WitnessRunRecord),
        ("witness_difference", WitnessDifferenceRecord),
    ],
)
def test_records_have_the_fields_of_the_schema(described: str, record: Any) -> None:
    required = documented(described)["$defs"][described]["required"]
    assert set(required) == set(record.__annotations__)


def test_a_difference_without_a_number(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """WAW of a NaN and a number; the document has no infinity."""
    racing(doubler, WAW, "x + 1")
    doubler.kernel_body('for (int64_t i = 0; i < args[2]; ++i) y[i] = __builtin_nanf("");')
    pytester.runpytest("--sim-sanitize=all", "--sim-witness", "--sim-json=report.json")
    (case,) = json.loads((pytester.path / "report.json").read_text())["cases"]
    (finding,) = case["sanitizer"]["findings"]
    jsonschema.validate(finding["witness"], documented("witness"))
    (difference,) = finding["witness"]["differences"]
    assert (difference["largest"], difference["values"]) == ("inf", ["1.0", "nan"])


def test_ini(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    racing(doubler, RAW, "2 * x + 1")
    told = "  witness: the outputs depend on the order of the two"
    pytester.makeini("[pytest]\nsim_sanitize = racecheck\nsim_witness = true\n")
    pytester.runpytest().stdout.fnmatch_lines([told])
    pytester.makeini("[pytest]\nsim_sanitize = racecheck\nsim_witness = false\n")
    pytester.runpytest().stdout.no_fnmatch_line(told)
    pytester.runpytest("--sim-witness").stdout.fnmatch_lines([told])


def test_command_line(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    racing(golden_dir, RAW, "2 * x + 1")
    directory = ("-k", str(golden_dir.path / "kernels"), "-g", str(golden_dir.golden_py))
    assert main(["run", *directory, "--sanitize=racecheck", "--witness"]) == 1
    assert "witness: the outputs depend on the order of the two" in capfd.readouterr().out
    assert main(["run", *directory, "--sanitize=racecheck"]) == 1
    assert "witness" not in capfd.readouterr().out
