"""Dumps of small golden directories, and what is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim import Settings, run_case

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.dump import Dump, DumpedArgument
    from tests.golden_dirs import GoldenDir

# Two tasks: y = 2 x, and then y again, from a buffer of bytes that nobody describes.
TWO_KERNELS = """
KERNELS = [
    {"func_id": 0, "source": "double.cpp", "core_type": "aiv", "name": "DOUBLE"},
    {"func_id": 7, "source": "double.cpp", "core_type": "aiv", "name": "AGAIN"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
"""
TWO_TASKS = """
void* z = api.device_malloc(64);
uint64_t first[] = {task[0], reinterpret_cast<uint64_t>(z), 8};
uint64_t second[] = {task[0], task[1], 8};
runtime->add_task(first, 3, 0, CoreType::AIV);
runtime->add_task(second, 3, 7, CoreType::AIV);
runtime->add_successor(0, 1);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


def dumped(golden_dir: GoldenDir, directory: Path, what: str = "all", **settings: Any) -> Dump:
    result = run_case(
        golden_dir.path,
        settings=Settings(dump=what, dump_dir=str(directory), **settings),
    )
    result.check()
    assert result.dump is not None
    return result.dump


def arguments(dump: Dump, task: int) -> tuple[DumpedArgument, ...]:
    return next(each.arguments for each in dump.tasks if each.task == task)


def load(path: Path | None) -> Any:
    assert path is not None
    return np.load(path) if path.suffix == ".npy" else np.fromfile(path, np.uint8)


def two_tasks(golden_dir: GoldenDir) -> GoldenDir:
    golden_dir.kernel_config(TWO_KERNELS)
    golden_dir.orchestration_body(TWO_TASKS)
    return golden_dir


def files_below(directory: Path) -> list[str]:
    return sorted(
        path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()
    )
