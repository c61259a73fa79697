"""What the PTO runtime does silently is an error here that names ids and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import (
    GraphError,
    KernelException,
    KernelExit,
    KernelFault,
    KernelHang,
    OrchestrationError,
    RunError,
    Settings,
    run_case,
)

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

RECORD = "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
ADD = "int t = runtime->add_task(task, 3, 0, CoreType::AIV);\n"


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        pytest.param(
            f"{ADD} runtime->add_successor(t, 99);\n{RECORD}",
            GraphError,
            r"add_successor\(0, 99\): there is no task 99; tasks added so far: 1",
            id="unknown-successor",
        ),
        pytest.param(
            f"{ADD} runtime->add_successor(-1, t);\n{RECORD}",
            GraphError,
            r"add_successor\(-1, 0\): there is no task -1",
            id="unknown-predecessor",
        ),
        pytest.param(
            f"{ADD} uint64_t many[17] = {{}};\n"
            f"if (runtime->add_task(many, 17, 0, CoreType::AIV) != -1) return 7;\n{RECORD}",
            GraphError,
            r"add_task for func_id 0 with 17 arguments returned -1\n  a task holds at most 16",
            id="too-many-arguments",
        ),
        pytest.param(
            f"runtime->add_task(task, 3, 5, CoreType::AIV);\n{RECORD}",
            GraphError,
            r"task 0 uses func_id 5, which no kernel in kernel_config.py has; "
            r"known func_ids: 0 \(double\)",
            id="unknown-kernel",
        ),
        pytest.param(
            f"runtime->add_task(task, 3, 0, CoreType::AIC);\n{RECORD}",
            GraphError,
            r"task 0 was added for an AIC core, but its kernel double \(func_id 0\) is for AIV: "
            "see kernel_config.py",
            id="wrong-core-type",
        ),
        pytest.param(
            f"{ADD} int u = runtime->add_task(task, 3, 0, CoreType::AIV);\n"
            f"runtime->add_successor(t, u); runtime->add_successor(u, t);\n{RECORD}",
            GraphError,
            r"cycle of 2 tasks.*\n  task 0 \(double\) -> task 1 \(double\) -> task 0",
            id="cycle",
        ),
        pytest.param(
            f"{ADD} runtime->add_successor(t, t);\n{RECORD}",
            GraphError,
            r"cycle of 1 task,.*: task 0 \(double\) -> task 0",
            id="self-edge",
        ),
        pytest.param(
            "return -3;",
            OrchestrationError,
            r"the orchestration returned -3 \(0 means success\) after adding 0 tasks",
            id="error-returned",
        ),
        pytest.param("return 0;", OrchestrationError, "returned 0 but added no task", id="no-task"),
        pytest.param(
            'throw std::runtime_error("no blocks");',
            OrchestrationError,
            "a C\\+\\+ exception left the orchestration: std::runtime_error: no blocks",
            id="exception",
        ),
        pytest.param(
            f"{ADD} api.copy_to_device(y, host_x, args[2] + 1);\n{RECORD}",
            OrchestrationError,
            r"copy_to_device: 33 bytes do not fit: device buffer #1 has 32 bytes",
            id="copy-too-much",
        ),
        pytest.param(
            f"{ADD} api.copy_to_device(host_x, x, args[2]);\n{RECORD}",
            OrchestrationError,
            r"copy_to_device: the addresses are swapped; the order is \(dev, host, size\)\n"
            r"  0x\w+ is not a device address, and 0x\w+ is one",
            id="copy-to-swapped",
        ),
        pytest.param(
            f"{ADD} api.copy_from_device(x, host_x, args[2]);\n{RECORD}",
            OrchestrationError,
            r"copy_from_device: .* swapped; the order is \(host, dev, size\)",
            id="copy-from-swapped",
        ),
        pytest.param(
            f"{ADD} runtime->record_tensor_pair(y, host_y, args[3]);\nreturn 0;",
            OrchestrationError,
            r"record_tensor_pair: .* swapped; the order is \(host, dev, size\)",
            id="pair-swapped",
        ),
        pytest.param(
            f"{ADD} runtime->record_tensor_pair(host_y, y, 64);\nreturn 0;",
            OrchestrationError,
            r"record_tensor_pair: 64 bytes do not fit: device buffer #1 has 32 bytes",
            id="tensor-pair-too-large",
        ),
        pytest.param(
            f"{ADD} api.device_free(x); api.device_free(x);\n{RECORD}",
            OrchestrationError,
            r"device_free\(0x[0-9a-f]+\): device buffer #0 was freed before",
            id="double-free",
        ),
    ],
)
def test_orchestration(
    golden_dir: GoldenDir, body: str, error: type[RunError], message: str
) -> None:
    golden_dir.orchestration_body(body)
    with pytest.raises(error, match=message):
        run_case(golden_dir.path)


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        pytest.param(
            "*reinterpret_cast<volatile int*>(8) = 1;",
            KernelFault,
            r"kernel 'double' in task 0 wrote to a null pointer, or close to one \(SIGSEGV\)\n"
            r"  address 0x8: .*\n.*\n  task 0 has func_id 0, and was on core AIV \d\n",
            id="wild-pointer",
        ),
        pytest.param("y[9 * 1024] = 1;", KernelFault, r"past the end .* \(SIGSEGV\)", id="overrun"),
        pytest.param("std::abort();", KernelFault, "in task 0 received SIGABRT", id="abort"),
        pytest.param(
            "std::exit(3);", KernelExit, "in task 0 ended the process with exit status 3", id="exit"
        ),
        pytest.param("std::_Exit(4);", KernelExit, "with exit status 4", id="immediate-exit"),
        pytest.param(
            'throw std::runtime_error("bad tile");',
            KernelException,
            "a C\\+\\+ exception left kernel 'double' in task 0: .*: bad tile",
            id="exception",
        ),
    ],
)
def test_kernel(golden_dir: GoldenDir, body: str, error: type[RunError], message: str) -> None:
    golden_dir.kernel_body(body)
    with pytest.raises(error, match=message) as caught:
        run_case(golden_dir.path)
    assert caught.value.culprit.task == 0
    assert caught.value.culprit.kernel == "double"


def test_hung_kernel_is_named(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("for (volatile bool forever = true; forever;) {}")
    with pytest.raises(
        KernelHang,
        match=r"no task started or finished for [\d.]+ s[^\n]*\n"
        r"  task 0: kernel 'double' \(func_id 0\) on core AIV \d for [\d.]+ s",
    ):
        run_case(golden_dir.path, settings=Settings(hang_timeout=1.0))


def test_host_pointer_faults(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        "task[0] = args[0];\nruntime->add_task(task, 3, 0, CoreType::AIV);\n" + RECORD
    )
    with pytest.raises(KernelFault, match="a host pointer reached it"):
        run_case(golden_dir.path)


def test_fresh_device_memory_is_nan(golden_dir: GoldenDir) -> None:
    golden_dir.kernel_body("if (y[0] == y[0] || y[7] == y[7]) std::abort();")
    result = run_case(golden_dir.path)
    assert not result.passed
    assert result.diffs[0].mismatches[0].difference != result.diffs[0].mismatches[0].difference


def test_more_tensor_pairs_than_64(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        f"{ADD} for (int i = 0; i < 100; ++i) runtime->record_tensor_pair(host_y, y, 4);\n{RECORD}"
    )
    assert run_case(golden_dir.path).passed


def test_kernels_of_two_directories_with_one_func_id(
    golden_dir: GoldenDir, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = type(golden_dir).create(tmp_path_factory.mktemp("other") / "doubler")
    other.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = 3 * x[i];")
    assert run_case(golden_dir.path).passed
    assert not run_case(other.path).passed
    assert run_case(golden_dir.path).passed
