"""What a dump holds of what tasks found and left in their arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import KernelFault, OrchestrationError, Settings, run_case
from tests.integration.dumps import arguments, dumped, files_below, load, two_tasks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

DESCRIBED = """
uint64_t pool = reinterpret_cast<uint64_t>(api.device_malloc(4096));
runtime->describe(reinterpret_cast<void*>(pool), "whole pool", "uint8", {4096});
runtime->describe(reinterpret_cast<void*>(pool + 64), "halves", "bfloat16", {2, args[4]});
runtime->describe(reinterpret_cast<void*>(pool + 64), "y", "float32", {(short)4, size_t{2}});
uint64_t first[] = {task[0], pool + 64, 8};
uint64_t second[] = {task[0], pool + 128, 8};
uint64_t third[] = {task[0], task[1], 8};
runtime->add_task(first, 3, 0, CoreType::AIV);
runtime->add_task(second, 3, 0, CoreType::AIV);
runtime->add_task(third, 3, 0, CoreType::AIV);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


@pytest.mark.parametrize("isolate", [True, False])
def test_arguments_as_found_and_left(
    golden_dir: GoldenDir, tmp_path: Path, *, isolate: bool
) -> None:
    dump = dumped(golden_dir, tmp_path / "kept", isolate=isolate)
    x, y, count = arguments(dump, 0)
    assert (x.name, x.dtype, x.shape) == ("x", "float32", (8,))
    assert (x.changed, x.left) == (False, x.found)
    np.testing.assert_array_equal(load(x.found), np.arange(8, dtype=np.float32))
    assert (y.name, y.changed, y.offset) == ("out_y", True, 0)
    assert np.isnan(load(y.found)).all()
    np.testing.assert_array_equal(load(y.left), 2 * np.arange(8, dtype=np.float32))
    assert (count.value, count.buffer, count.found) == (8, None, None)
    assert dump.bytes == 3 * 32
    assert files_below(dump.directory) == [
        "index.json",
        "task0-double/arg0.x.npy",
        "task0-double/arg1.out_y.found.npy",
        "task0-double/arg1.out_y.left.npy",
    ]


def test_buffers_of_which_nothing_is_known_are_bytes(golden_dir: GoldenDir, tmp_path: Path) -> None:
    dump = dumped(two_tasks(golden_dir), tmp_path / "kept")
    _, z, _ = arguments(dump, 0)
    assert (z.name, z.dtype, z.shape, z.buffer) == (None, None, None, 2)
    assert z.found is not None
    assert z.found.suffix == ".bin"
    assert (load(z.found) == 0xFF).all()
    left = load(z.left).view(np.float32)
    np.testing.assert_array_equal(left[:8], 2 * np.arange(8))
    assert np.isnan(left[8:]).all()


def test_descriptions(golden_dir: GoldenDir, tmp_path: Path) -> None:
    """The smallest range counts that holds the address; of equal ones, what was said last."""
    golden_dir.orchestration_body(DESCRIBED)
    dump = dumped(golden_dir, tmp_path)
    _, y, _ = arguments(dump, 0)
    assert (y.name, y.dtype, y.shape, y.offset) == ("y", "float32", (4, 2), 0)
    np.testing.assert_array_equal(load(y.left), 2 * np.arange(8.0).reshape(4, 2))
    _, pool, _ = arguments(dump, 1)
    assert (pool.name, pool.dtype, pool.shape, pool.offset) == ("whole pool", "uint8", (4096,), 128)
    assert pool.left is not None
    assert pool.left.name == "arg1.whole_pool.left.npy"
    bytes_ = load(pool.left)
    np.testing.assert_array_equal(bytes_[128:160].view(np.float32), 2 * np.arange(8))
    np.testing.assert_array_equal(bytes_[64:96].view(np.float32), 2 * np.arange(8))


def test_types_that_numpy_lacks(golden_dir: GoldenDir, tmp_path: Path) -> None:
    golden_dir.orchestration_body(
        'runtime->describe(y, "y", "bfloat16", {16}); runtime->describe(x, "x", "float8_e5m2", {});'
        "runtime->add_task(task, 3, 0, CoreType::AIV);"
        "runtime->record_tensor_pair(host_y, y, args[3]); return 0;"
    )
    x, y, _ = arguments(dumped(golden_dir, tmp_path), 0)
    assert (x.dtype, load(x.left).dtype, load(x.left).shape) == ("float8_e5m2", np.uint8, ())
    assert (y.dtype, load(y.left).dtype, load(y.left).shape) == ("bfloat16", np.uint16, (16,))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ('(y, "", "float32", {8})', "describe: a name has 1 to 63 printable ASCII characters"),
        ('(y, nullptr, "float32", {8})', "describe: a name has 1 to 63 printable ASCII"),
        ('(y, "a\\tb", "float32", {8})', "this one has 3, others among them"),
        ('(y, "y", "float33", {8})', 'describe("y"): there is no dtype "float33"; there are float'),
        ('(y, "y", nullptr, {8})', 'describe("y"): there is no dtype "(null)"'),
        ('(y, "y", "int8", {1, 1, 1, 1, 1, 1, 1, 1, 1})', "a shape has 0 to 8 axes; got 9"),
        ('(y, "y", "int8", nullptr, 1)', "a shape has 0 to 8 axes; got 1, and shape is null"),
        (
            '(y, "y", "int8", {2, 0})',
            "a shape has lengths above 0, and fits into memory; got {2, 0}",
        ),
        ('(y, "y", "int8", {-1})', "got {-1}"),
        ('(y, "y", "int64", {1ll << 62, 8})', "got {4611686018427387904, 8}"),
        (
            '(y, "y", "float32", {3, 3})',
            "float32 of shape {3, 3} has 36 bytes: 36 bytes do not fit",
        ),
        ('(host_y, "y", "float32", {8})', "is not a device address"),
    ],
)
def test_descriptions_without_a_meaning(golden_dir: GoldenDir, call: str, message: str) -> None:
    golden_dir.orchestration_body(
        f"runtime->describe{call}; runtime->add_task(task, 3, 0, CoreType::AIV); return 0;"
    )
    with pytest.raises(OrchestrationError) as caught:
        run_case(golden_dir.path)
    assert message in str(caught.value)


def test_an_argument_that_two_have_is_kept_once(golden_dir: GoldenDir, tmp_path: Path) -> None:
    golden_dir.orchestration_body(
        "uint64_t both[] = {task[1], task[1] + 4, 0};"
        "runtime->add_task(both, 3, 0, CoreType::AIV);"
        "runtime->add_task(task, 3, 0, CoreType::AIV); runtime->add_successor(0, 1);"
        "runtime->record_tensor_pair(host_y, y, args[3]); return 0;"
    )
    first, second, _ = arguments(dumped(golden_dir, tmp_path), 0)
    assert first.found == second.found
    assert (first.offset, second.offset) == (0, 4)


def test_task_that_faults(golden_dir: GoldenDir, tmp_path: Path) -> None:
    """What it found is there, and what the tasks before it found and left."""
    golden_dir.kernel_body("if (args[2] == 1) y[1 << 20] = 1; else y[0] = x[1];")
    golden_dir.orchestration_body(
        "uint64_t bad[] = {task[0], task[1], 1};"
        "runtime->add_task(task, 3, 0, CoreType::AIV); runtime->add_task(bad, 3, 0, CoreType::AIV);"
        "runtime->add_successor(0, 1); return 0;"
    )
    with pytest.raises(KernelFault):
        dumped(golden_dir, tmp_path / "kept")
    (directory,) = (tmp_path / "kept").iterdir()
    first, second = json.loads((directory / "index.json").read_text())["tasks"]
    assert (first["finished"], second["finished"]) == (True, False)
    assert second["arguments"][0]["found"] == "task1-double/arg0.x.npy"
    assert second["arguments"][0]["left"] is None
    np.testing.assert_array_equal(np.load(directory / "task1-double/arg0.x.npy"), np.arange(8))


def test_graph_runs_on_one_thread(golden_dir: GoldenDir, tmp_path: Path) -> None:
    golden_dir.orchestration_body(
        "for (int i = 0; i < 50; ++i) runtime->add_task(task, 3, 0, CoreType::AIV);"
        "runtime->record_tensor_pair(host_y, y, args[3]); return 0;"
    )
    result = run_case(
        golden_dir.path,
        settings=Settings(threads=2, dump="all", dump_dir=str(tmp_path)),
    )
    assert result.dump is not None
    assert [task.task for task in result.dump.tasks] == list(range(50))
    assert set(result.timeline["thread"].tolist()) == {0}


def test_with_the_sanitizer(golden_dir: GoldenDir, tmp_path: Path) -> None:
    plain = dumped(golden_dir, tmp_path / "plain")
    both = dumped(golden_dir, tmp_path / "both", sanitize=("memcheck", "racecheck", "initcheck"))
    assert files_below(plain.directory) == files_below(both.directory)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("for (int fd = 3; fd < 1024; ++fd) close(fd);", "Bad file descriptor"),
        (
            "for (int fd = 3; fd < 1024; ++fd) ftruncate(fd, 0);",
            "the case has overwritten the file",
        ),
    ],
)
def test_kernel_that_takes_the_file_away(
    golden_dir: GoldenDir, tmp_path: Path, body: str, problem: str
) -> None:
    golden_dir.kernel(
        "#include <unistd.h>\n#include <cstdint>\n"
        'extern "C" void kernel_entry(int64_t* args) {\n'
        "    for (int64_t i = 0; i < args[2]; ++i)\n"
        "        reinterpret_cast<float*>(args[1])[i] = 2 * reinterpret_cast<float*>(args[0])[i];\n"
        f"    {body}\n}}\n"
    )
    dump = dumped(golden_dir, tmp_path)
    assert problem in dump.problem
