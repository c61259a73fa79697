"""Outputs that depend on device memory which nobody wrote: the buffer is named, if it is proven."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Mismatch, Settings, UnwrittenOutput, run_case

if TYPE_CHECKING:
    from pytest_a2a3sim.model.values import Threads
    from tests.golden_dirs import GoldenDir

DEPEND = "the outputs depend on device memory that nobody wrote"
FINISH = "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;"
ADD = "runtime->add_task(task, 3, 0, CoreType::AIV);\n"
FRESH_X = "x = api.device_malloc(args[2]);  // HERE\ntask[0] = reinterpret_cast<uint64_t>(x);\n"
INT_GOLDEN = """
import numpy as np


def generate_inputs(params):
    return {{"x": np.arange(8, dtype=np.int32), "out_y": np.zeros(8, np.int32)}}


def compute_golden(tensors, params):
    tensors["out_y"][:] = {expected}
"""


def failure_of(golden_dir: GoldenDir, settings: Settings | None = None) -> Mismatch:
    with pytest.raises(Mismatch) as caught:
        run_case(golden_dir.path, settings=settings or Settings()).check()
    return caught.value


@pytest.mark.parametrize("threads", [1, 2, "cores"])
def test_input_that_nobody_copied(golden_dir: GoldenDir, threads: Threads) -> None:
    golden_dir.orchestration(
        """
        #include "runtime.h"

        extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
            void* x = runtime->host_api.device_malloc(args[2]);  // HERE
            void* y = runtime->host_api.device_malloc(args[3]);
            uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), 8};
            runtime->add_task(task, 3, 0, CoreType::AIV);
            runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
            return 0;
        }
        """
    )
    golden_dir.golden(INT_GOLDEN.format(expected='2 * tensors["x"]'))
    golden_dir.kernel_body(
        """\
        const int32_t* from = reinterpret_cast<const int32_t*>(x);
        int32_t* to = reinterpret_cast<int32_t*>(y);
        to[0] = from[0];  // looks like memory that nobody wrote
        for (int i = 1; i < 8; ++i) to[i] = to[i - 1] + from[i];"""
    )
    error = failure_of(golden_dir, Settings(threads=threads))
    assert isinstance(error, UnwrittenOutput)
    text = str(error)
    assert text.startswith(f"{DEPEND}: device buffer #0 (32 bytes)\n")
    source = (golden_dir.path / "kernels" / "orchestration.cpp").read_text().splitlines()
    line = next(i for i, each in enumerate(source, 1) if "// HERE" in each)
    source_line = f"{golden_dir.path}/kernels/orchestration.cpp:{line}"
    assert f"\n  allocated by call 1 of device_malloc, at {source_line}\n" in text
    assert "differ in 8 of 8 of out_y; out_y[0] is -1 and 993737531" in text
    assert "\n  copy_to_device put nothing into it\n  tasks that get it: 0 (double)\n" in text
    assert "\n  inputs of its size that were never copied to the device: 'x'\n" in text
    assert "never written" not in text
    assert "1 of 8 elements hold device memory that nobody wrote; the first is out_y[0]" in text


def test_accumulator_that_nobody_zeroed(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(f"{ADD}{FINISH}")
    golden_dir.kernel_body("for (int i = 0; i < 8; ++i) y[i] += x[i];")
    text = str(failure_of(golden_dir))
    assert text.startswith(f"{DEPEND}: device buffer #1 (32 bytes)")
    assert "\n  it is copied back to 'out_y'\n" in text
    assert "inputs of its size" not in text


def test_relu_hides_it(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(f"{FRESH_X}{ADD}{FINISH}")
    golden_dir.kernel_body("for (int i = 0; i < 8; ++i) y[i] = x[i] > 0 ? 2 * x[i] : 0;")
    text = str(failure_of(golden_dir))
    assert "device buffer #2 (32 bytes)\n  allocated by call 3 of device_malloc" in text
    assert "tasks that get it: 0 (double)" in text


def test_part_of_a_buffer(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(
        f"{FRESH_X}api.copy_to_device(x, host_x, 16);\n{ADD}{ADD}{ADD}{ADD}{ADD}{ADD}{FINISH}"
    )
    text = str(failure_of(golden_dir))
    assert "device buffer #2 (32 bytes)" in text
    assert "differ in 4 of 8 of out_y; out_y[4] is nan and" in text
    assert "\n  copy_to_device put 16 bytes into it\n" in text
    assert "tasks that get it: 0 (double), 1 (double), 2 (double), 3 (double), and 2 more" in text


@pytest.mark.parametrize("number", [0, 1, 5, 300, 8300])
def test_one_of_many_buffers(golden_dir: GoldenDir, number: int) -> None:
    golden_dir.orchestration_body(
        f"""\
        for (int i = 0; i < {number}; ++i) {{
            void* other = api.device_malloc(64);
            if (i % 3 == 0) api.device_free(other);
        }}
        {FRESH_X}{ADD}{FINISH}"""
    )
    assert f"device buffer #{number + 2} (32 bytes)" in str(failure_of(golden_dir))


def test_copies_that_match_by_chance(golden_dir: GoldenDir) -> None:
    golden_dir.golden(INT_GOLDEN.format(expected=-1))
    golden_dir.orchestration_body(f"{FRESH_X}{ADD}{FINISH}")
    golden_dir.kernel_body("for (int i = 0; i < 8; ++i) y[i] = x[i];")
    result = run_case(golden_dir.path)
    assert not result.passed
    assert all(diff.passed for diff in result.diffs)
    [unwritten] = result.unwritten
    assert (unwritten.what, unwritten.count) == ("copied", 8)
    text = str(failure_of(golden_dir))
    assert text.startswith(f"{DEPEND}: device buffer #2 (32 bytes)")
    assert "They match by chance" in text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("for (int i = 0; i < 8; ++i) y[i] = 3 * x[i];", id="wrong-values"),
        pytest.param("for (int i = 0; i < 4; ++i) y[i] = 2 * x[i];", id="unwritten"),
        pytest.param(
            "for (int i = 0; i < 8; ++i) { const float f = y[i]; y[i] = f * 0 == 0 ? 3 : 3; }",
            id="read-without-effect",
        ),
        pytest.param(
            "timespec now;\nclock_gettime(CLOCK_MONOTONIC, &now);\n"
            "for (int i = 0; i < 8; ++i) y[i] = now.tv_nsec + i;",
            id="not-deterministic",
        ),
    ],
)
def test_nothing_is_said_that_is_not_proven(golden_dir: GoldenDir, body: str) -> None:
    golden_dir.kernel_body(body)
    source = golden_dir.path / "kernels" / "double.cpp"
    source.write_text(f"#include <ctime>\n{source.read_text()}")
    assert "depend on device memory" not in str(failure_of(golden_dir))


def test_only_where_further_runs_are_allowed(golden_dir: GoldenDir) -> None:
    golden_dir.orchestration_body(f"{FRESH_X}{ADD}{FINISH}")
    error = failure_of(golden_dir, Settings(orders=0))
    assert not re.search("depend on device memory", str(error))
