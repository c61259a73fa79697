"""What the two orders of a race do to outputs whose values are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, run_case
from pytest_a2a3sim.model.witness import Witness, WitnessDifference, WitnessRun
from tests.integration.witnesses import (
    BACKWARD,
    CONFIG,
    FORWARD,
    NEXT,
    RACECHECK,
    RAW,
    WAR,
    WAW,
    racing,
    witness_of,
    witnesses_of,
)

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir


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
