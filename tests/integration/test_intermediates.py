"""What the orchestration describes is compared with what compute_golden returns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema
import numpy as np
import pytest

from pytest_a2a3sim import GoldenError, Mismatch, Settings, run_case
from pytest_a2a3sim.cli import main
from tests import described_attention
from tests.described_attention import FAULTS, Fault
from tests.integration.test_json import documented_schema

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.dump import Dump
    from tests.golden_dirs import GoldenDir

# z = 2 x is described, and y = 2 z; both by the kernel that doubles.
CHAIN = """
void* z = api.device_malloc(32);
{describe}
uint64_t first[] = {{task[0], reinterpret_cast<uint64_t>(z), 8}};
uint64_t second[] = {{reinterpret_cast<uint64_t>(z), task[1], 8}};
runtime->add_task(first, 3, 0, CoreType::AIV);
runtime->add_task(second, 3, 0, CoreType::AIV);
runtime->add_successor(0, 1);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""
DESCRIBE_Z = 'runtime->describe(z, "z", "float32", {8});'
CHAIN_GOLDEN = """
def compute_golden(tensors, params):
    tensors["out_y"][:] = 4 * tensors["x"]
    x = tensors["x"]
    return {returned}
"""


def chain(golden_dir: GoldenDir, returned: str, describe: str = DESCRIBE_Z) -> GoldenDir:
    golden_dir.orchestration_body(CHAIN.format(describe=describe))
    golden_dir.extend_golden(CHAIN_GOLDEN.format(returned=returned))
    return golden_dir


def test_attention_without_a_fault(tmp_path: Path) -> None:
    result = run_case(described_attention.create(tmp_path / "attention"))
    result.check()
    assert not result.findings
    blocks, sequences = 6, 2
    assert len(result.intermediates) == 5 * blocks + 3 * 3 * sequences
    steps = [each.step for each in result.intermediates]
    assert steps == sorted(steps)
    assert all(each.is_changed for each in result.intermediates if "_acc" not in each.diff.name)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_fault_of_a_kernel_is_named_by_its_first_task(tmp_path: Path, fault: Fault) -> None:
    result = run_case(described_attention.create(tmp_path / "attention", fault))
    with pytest.raises(Mismatch) as caught:
        result.check()
    headline = str(caught.value).splitlines()[0]
    names = ", ".join(fault.ranges)
    assert headline == (
        f"task {fault.task} ({fault.kernel}) is the first whose result differs: {names}"
    )
    assert "\nout: " in str(caught.value)


def bytes_of(path: Path | None) -> bytes:
    """The elements of a dumped file."""
    assert path is not None
    array = np.load(path) if path.suffix == ".npy" else np.fromfile(path, np.uint8)
    return bytes(array.tobytes())


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.id)
def test_dump_shows_a_fault_without_descriptions(tmp_path: Path, fault: Fault) -> None:
    """The first task that leaves other bytes than without the fault has found the same ones."""

    def dumped(directory: Path, planted: Fault | None) -> Dump:
        created = described_attention.create(directory, planted, described=False)
        settings = Settings(dump="all", dump_dir=str(directory / "dump"))
        dump = run_case(created, params=described_attention.PARAMS, settings=settings).dump
        assert dump is not None
        return dump

    right, wrong = dumped(tmp_path / "right", None), dumped(tmp_path / "wrong", fault)
    for task, same in zip(wrong.tasks, right.tasks, strict=True):
        pairs = list(zip(task.arguments, same.arguments, strict=True))
        pointers = [(a, b) for a, b in pairs if a.found is not None]
        assert all(bytes_of(a.found) == bytes_of(b.found) for a, b in pointers)
        if any(bytes_of(a.left) != bytes_of(b.left) for a, b in pointers):
            break
    assert (task.task, task.kernel) == (fault.task, fault.kernel)


def test_output_matches_and_an_intermediate_does_not(golden_dir: GoldenDir) -> None:
    result = run_case(chain(golden_dir, '{"z": 3 * x}').path)
    assert result.diffs[0].passed
    (found,) = result.intermediates
    assert (found.task, found.kernel, found.step, found.is_changed) == (0, "double", 0, True)
    lines = str(result.failure).splitlines()
    assert lines[0] == "task 0 (double) is the first whose result differs: z"
    assert "1 intermediate of 1 compared differ; tasks ran one after another" in lines[3]
    assert lines[-1] == "out_y: PASS (8/8 elements matched)"


def test_everything_matches(golden_dir: GoldenDir) -> None:
    result = run_case(chain(golden_dir, '{"z": 2 * x}').path)
    result.check()
    assert not result.findings


def test_only_the_output_differs(golden_dir: GoldenDir) -> None:
    chain(golden_dir, '{"z": 2 * x}').extend_golden(
        """
        _chain = compute_golden

        def compute_golden(tensors, params):
            returned = _chain(tensors, params)
            tensors["out_y"][3] += 1
            return returned
        """
    )
    result = run_case(golden_dir.path)
    assert str(result.failure).startswith("1 of 1 output tensors do not match: out_y")
    assert str(result.failure).endswith(
        "every intermediate that was compared matches: 1, the last of them is z of task 0 (double)"
    )


def test_range_that_nobody_changes(golden_dir: GoldenDir) -> None:
    """A kernel that does not write is told by the first task that gets the range."""
    golden_dir.kernel_body("if (args[2] == 1) y[0] = 4 * 7;")
    chain(golden_dir, '{"z": 2 * x}')
    result = run_case(golden_dir.path)
    (found,) = result.intermediates
    assert (found.task, found.is_changed, found.diff.actual_census.nan) == (0, False, 8)
    assert "the task did not change it" in str(result.failure)


def test_an_array_for_each_task(golden_dir: GoldenDir) -> None:
    """Both tasks have an address in z among their arguments, and one of them changes it."""
    result = run_case(chain(golden_dir, '{"z": [2 * x, 5 * x]}').path)
    first, second = result.intermediates
    assert (first.diff.name, first.diff.passed, first.is_changed) == ("z after task 0", True, True)
    assert (second.diff.name, second.diff.passed, second.is_changed) == (
        *("z after task 1", False, False),
    )
    assert run_case(chain(golden_dir, '{"z": [2 * x, None]}').path).passed


def test_ranges_of_one_name(golden_dir: GoldenDir) -> None:
    halves = (
        'for (int i : {0, 1}) runtime->describe((char*)z + 16 * i, "half", "float32", {4});'
        "uint64_t other[] = {task[0], reinterpret_cast<uint64_t>(z) + 16, 4};"
        "runtime->add_task(other, 3, 0, CoreType::AIV);"
    )
    result = run_case(chain(golden_dir, '{"half": [2 * x[:4], 3 * x[:4]]}', halves).path)
    assert [(each.diff.name, each.diff.passed) for each in result.intermediates] == [
        ("half[1]", False),
        ("half[0]", True),
    ]


def test_tolerances_by_name(golden_dir: GoldenDir) -> None:
    chain(golden_dir, '{"z": 2 * x + 0.5}').extend_golden('ATOL = {"z": 0.6}\nRTOL = {"out_y": 0}')
    assert run_case(golden_dir.path).passed


def test_tolerance_of_a_name_that_there_is_not(golden_dir: GoldenDir) -> None:
    chain(golden_dir, '{"z": 2 * x}').extend_golden('ATOL = {"zz": 0.6}')
    with pytest.raises(GoldenError, match=r"ATOL names 'zz', which is not among .*'out_y', 'z'"):
        run_case(golden_dir.path)


@pytest.mark.parametrize("isolate", [True, False])
def test_isolation(golden_dir: GoldenDir, *, isolate: bool) -> None:
    result = run_case(
        chain(golden_dir, '{"z": 3 * x}').path, settings=Settings(isolate=isolate, threads=2)
    )
    assert "task 0 (double) is the first whose result differs" in str(result.failure)


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        ('{"z": x.astype(float)}', "'z' is a float64 array of shape (8,), and the orchestration "),
        ('{"z": x[:4]}', "describes float32 of shape (8,)"),
        ('{"z": 3}', "tensor 'z' must be a NumPy array or a CPU torch tensor, got 3 (int)"),
        ('{"z": [x]}', "'z' must be an array, or one for each task that has an address in it: 2; "),
    ],
)
def test_values_without_a_meaning(golden_dir: GoldenDir, returned: str, problem: str) -> None:
    with pytest.raises(GoldenError) as caught:
        run_case(chain(golden_dir, returned).path)
    assert str(caught.value).startswith("golden.py: compute_golden, case 'default': ")
    assert problem in caught.value.message


@pytest.mark.parametrize(
    ("returned", "describe", "finding"),
    [
        ('{"w": x}', DESCRIBE_Z, "returns 'w', which the orchestration does not describe: it desc"),
        ('{"z": x}', "", "which the orchestration does not describe: it describes nothing"),
        (
            '{"v": x}',
            'runtime->describe(api.device_malloc(32), "v", "float32", {8});',
            "v was not compared: no task has an address in it among its arguments",
        ),
    ],
)
def test_what_is_not_compared_is_said(
    golden_dir: GoldenDir, returned: str, describe: str, finding: str
) -> None:
    result = run_case(chain(golden_dir, returned, describe).path)
    result.check()
    assert any(finding in each for each in result.findings)


@pytest.mark.parametrize("returned", ["tensors", '{"x": x, "out_y": 0}', "7", "{1: 2}"])
def test_what_compute_golden_returned_before(golden_dir: GoldenDir, returned: str) -> None:
    """Other values have no meaning, and tensors are compared as outputs or not at all."""
    result = run_case(chain(golden_dir, returned).path)
    result.check()
    assert not result.findings
    assert not result.intermediates


def test_limit(golden_dir: GoldenDir) -> None:
    result = run_case(chain(golden_dir, '{"z": 3 * x}').path, settings=Settings(dump_limit=16))
    result.check()
    assert "takes more than --sim-dump-limit allows" in result.findings[0]


def test_golden_cache_keeps_no_intermediates(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / "cache"))
    chain(golden_dir, '{"z": 3 * x}')
    for _ in range(2):
        assert not run_case(golden_dir.path, settings=Settings(golden_cache=True)).passed


def test_reports(
    doubler: GoldenDir, pytester: pytest.Pytester, plugin_args: tuple[str, ...]
) -> None:
    chain(doubler, '{"z": 3 * x}')
    done = pytester.runpytest_subprocess(*plugin_args, "--sim-json=report.json")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        [
            "task 0 (double) is the first whose result differs: z",
            "z: FAIL (1/8 elements matched)",
            "*FAILED doubler/golden.py::default - task 0 (double): z 7/8: *",
        ]
    )
    document = json.loads((pytester.path / "report.json").read_text())
    jsonschema.validate(document, documented_schema())
    (found,) = document["cases"][0]["intermediates"]
    assert (found["task"], found["kernel"], found["changed"]) == (0, "double", True)
    assert (found["name"], found["status"], found["matched"]) == ("z", "failed", 1)


def test_command_line(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    chain(golden_dir, '{"z": 3 * x}')
    assert main(["run", str(golden_dir.path)]) == 1
    printed = capfd.readouterr().out
    assert "task 0 (double) is the first whose result differs: z" in printed
    assert "TEST FAILED" in printed
