"""``a2a3sim profile`` and ``CaseResult.profile`` on graphs that really ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.cli import main

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

DIAMOND = """
for (int i = 0; i < 4; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);
runtime->add_successor(0, 1);
runtime->add_successor(0, 2);
runtime->add_successor(2, 3);
runtime->add_successor(1, 3);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def command_line(golden_dir: GoldenDir) -> list[str]:
    kernels = str(golden_dir.path / "kernels")
    return ["profile", "-k", kernels, "-g", str(golden_dir.golden_py)]


def test_profile_of_a_result(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(DIAMOND)
    result = run_case(golden_dir.path)
    profile = result.profile
    assert (profile.tasks, profile.edges, profile.block_dim) == (4, 4, 2)
    assert list(result.recording.first_successor) == [0, 2, 3, 4, 4]
    assert list(result.recording.successors) == [1, 2, 3, 3]
    assert profile.critical_path in {(0, 1, 3), (0, 2, 3)}
    assert [total.name for total in profile.kernels] == ["double"]
    assert 0 < profile.critical_seconds <= profile.makespan.seconds <= profile.work


def test_command(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    golden_dir.orchestration_body(DIAMOND)
    assert main([*command_line(golden_dir), "--threads", "1", "--schedule", "reverse"]) == 0
    printed = capfd.readouterr().out
    assert "4 tasks, 4 edges, executed in " in printed
    assert "double   AIV      4" in printed
    assert "<- this case" in printed


def test_command_with_wrong_outputs(
    golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]
) -> None:
    golden_dir.kernel_body("y[0] = -1;")
    assert main(command_line(golden_dir)) == 1
    assert "The outputs do not match" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--threads=0", "--threads must be an int, at least 1, or 'cores'; got '0'"),
        (
            "--schedule=best",
            "--schedule must be fifo, lifo, creation, reverse, random,\n  random:SEED",
        ),
        ("--schedule=before:1,1", "--schedule must name two tasks by their ids, as in before:7,3"),
    ],
)
def test_bad_option(
    golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str], option: str, message: str
) -> None:
    assert main([*command_line(golden_dir), option]) == 1
    assert message in capfd.readouterr().err
