"""Orders that tasks get by what they change: who comes next to use it, and who comes before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import OrderDependence, Settings, run_case
from pytest_a2a3sim.model.schedule import Schedule
from tests.integration.racing import ADD, CONFIG

if TYPE_CHECKING:
    from pytest_a2a3sim.model.values import Threads
    from tests.golden_dirs import GoldenDir

COPY = ADD.replace("+=", "=")
# Task 2 reads from t what task 1 has written there; task 0 writes there, too. The outputs are
# others if it runs between these two, in no other order.
BETWEEN = """
char* const t = {memory};
const auto add = [&](const void* from, void* to, int func_id) {{
    uint64_t each[] = {{reinterpret_cast<uint64_t>(from), reinterpret_cast<uint64_t>(to), args[4]}};
    return runtime->add_task(each, 3, func_id, CoreType::AIV);
}};
const int other = add(x, {other}, 0), writer = add(x, t, 1), reader = add(t, y, 0);
runtime->add_successor(writer, reader);
{edge}
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""
OWN_MEMORY = "static_cast<char*>(api.device_malloc(args[2]))"
PART_OF_MEMORY = "static_cast<char*>(api.device_malloc(4096)) + 640"


def between(golden_dir: GoldenDir, memory: str, other: str = "t", edge: str = "") -> None:
    golden_dir.kernel_config(CONFIG)
    golden_dir.kernel(COPY, "add.cpp")
    golden_dir.orchestration_body(
        BETWEEN.format(memory=memory, other=other, edge=f"(void)other;\n{edge}")
    )


@pytest.mark.parametrize("memory", [OWN_MEMORY, PART_OF_MEMORY])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_task_that_writes_between_two_others(
    golden_dir: GoldenDir, threads: Threads, memory: str
) -> None:
    between(golden_dir, memory)
    result = run_case(golden_dir.path, settings=Settings(threads=threads))
    assert all(diff.passed for diff in result.diffs)
    with pytest.raises(OrderDependence) as caught:
        result.check()
    (difference,) = caught.value.differences
    assert difference.orders == (Schedule(), Schedule.before(0, 2))
    command = "  before:0,2: --sim-schedule=before:0,2 --sim-threads=1 executes it again"
    assert command in str(caught.value).splitlines()
    repeated = Settings(threads=1, schedule=Schedule.before(0, 2), orders=0)
    assert not run_case(golden_dir.path, settings=repeated).diffs[0].passed


@pytest.mark.parametrize("threads", [1, 2])
def test_an_order_of_two_tasks_in_which_everything_matches(
    golden_dir: GoldenDir, threads: Threads
) -> None:
    between(golden_dir, OWN_MEMORY)
    settings = Settings(threads=1, schedule=Schedule.before(0, 2), orders=threads * 4)
    result = run_case(golden_dir.path, settings=settings)
    assert not result.diffs[0].passed
    assert "every output matches" in str(result.failure)


@pytest.mark.parametrize(
    ("other", "edge"),
    [("t", "runtime->add_successor(other, writer);"), ("t + 1024", ""), ("t - 64", "")],
)
def test_nothing_between_two_others(golden_dir: GoldenDir, other: str, edge: str) -> None:
    between(golden_dir, PART_OF_MEMORY, other, edge)
    run_case(golden_dir.path, settings=Settings(threads=2)).check()


COUNTS = """
#include <cstdint>
#include <cstdio>

extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
    std::FILE* const file = std::fopen("{path}", "a");
    std::fputc('.', file);
    std::fclose(file);
}}
"""
# Tasks that each write two elements of one buffer.
PARTS = """
for (int i = 0; i < 4; ++i) {
    uint64_t each[] = {task[0] + i * 8, task[1] + i * 8, 2, {last}};
    runtime->add_task(each, 4, 0, CoreType::AIV);
}
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_tasks_that_use_nothing_in_common_are_executed_once_more(
    golden_dir: GoldenDir, threads: Threads
) -> None:
    count = golden_dir.path / "runs"
    golden_dir.kernel(COUNTS.format(path=count), "double.cpp")
    golden_dir.orchestration_body(PARTS.replace("{last}", "0"))
    run_case(golden_dir.path, settings=Settings(threads=threads)).check()
    assert count.read_text() == "." * 8
    count.unlink()
    run_case(golden_dir.path, settings=Settings(threads=threads, orders=5)).check()
    # reverse, random:1 to 3, and fifo, which on one thread is the order of the case
    assert count.read_text() == "." * 4 * (5 if threads == 1 else 6)


@pytest.mark.parametrize(
    ("table", "last"),
    [
        ("{task[0], task[1]}", "0"),
        ("{task[0] << 32, task[0] >> 32}", "0"),  # not aligned
        ("{0}", "task[0] >> 32"),  # half an address
        ("{0}", "task[0] + args[2]"),  # the end of a buffer
    ],
)
def test_what_arguments_do_not_tell(golden_dir: GoldenDir, table: str, last: str) -> None:
    """Tasks that get addresses in other ways may use anything: all orders are executed."""
    count = golden_dir.path / "runs"
    golden_dir.kernel(COUNTS.format(path=count), "double.cpp")
    golden_dir.orchestration_body(
        f"uint64_t table[] = {table};\n"
        "api.copy_to_device(api.device_malloc(sizeof table), table, sizeof table);\n"
        + PARTS.replace("{last}", last)
    )
    run_case(golden_dir.path, settings=Settings(threads=1)).check()
    assert count.read_text() == "." * 12  # that of fifo is that of the case


SUMS = """
import numpy as np

ORDER_DEPENDENT = ["out_s"]


def generate_inputs(params):
    x = (1 / np.arange(1, 65)).astype(np.float32)
    return {"x": x, "out_y": np.zeros_like(x), "out_s": np.zeros(1, np.float32)}


def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"]
    tensors["out_s"][0] = tensors["x"].sum()
"""
# Tasks that add the elements of x, and beside them the tasks of BETWEEN.
SUMS_IN_ANY_ORDER = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    HostApi& api = runtime->host_api;
    const uint64_t count = args[3] / 4;
    void* const x = api.device_malloc(args[3]);
    api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[3]);
    void* const s = api.device_malloc(4);
    const float zero = 0;
    api.copy_to_device(s, &zero, 4);
    const auto add = [&](const void* from, void* to, uint64_t elements, int func_id) {
        uint64_t each[] = {reinterpret_cast<uint64_t>(from), reinterpret_cast<uint64_t>(to),
                           elements};
        return runtime->add_task(each, 3, func_id, CoreType::AIV);
    };
    for (uint64_t i = 0; i < count; ++i) add(static_cast<float*>(x) + i, s, 1, 2);
    void* const t = api.device_malloc(args[3]);
    void* const y = api.device_malloc(args[3]);
    add(x, t, count, 0);
    const int writer = add(x, t, count, 1), reader = add(t, y, count, 0);
    runtime->add_successor(writer, reader);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[2]), s, 4);
    return 0;
}
"""
# The last task clears what the first one has left for the second.
CLEARS = """
void* const workspace = api.device_malloc(64);
void* const zeros = api.device_malloc(64);
const char nothing[64] = {};
for (void* each : {workspace, zeros}) api.copy_to_device(each, nothing, args[2]);
const auto add = [&](const void* from, void* to, int func_id) {
    uint64_t each[] = {reinterpret_cast<uint64_t>(from), reinterpret_cast<uint64_t>(to), args[4]};
    return runtime->add_task(each, 3, func_id, CoreType::AIV);
};
const int fills = add(x, workspace, 1), uses = add(workspace, y, 0);
add(zeros, {address}, 2);
runtime->add_successor(fills, uses);
runtime->record_tensor_pair(host_y, y, args[3]);
return 0;
"""
THREE_KERNELS = """
KERNELS = [
    {"func_id": i, "source": f"{name}.cpp", "core_type": "aiv"}
    for i, name in enumerate(["double", "copy", "add"])
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 4}
"""


def test_an_output_that_may_differ_hides_no_other(golden_dir: GoldenDir) -> None:
    """Orders of pairs are executed although it differs in the first order."""
    golden_dir.kernel_config(THREE_KERNELS)
    golden_dir.kernel(ADD, "add.cpp")
    golden_dir.kernel(COPY, "copy.cpp")
    golden_dir.golden(SUMS)
    golden_dir.orchestration(SUMS_IN_ANY_ORDER)
    with pytest.raises(OrderDependence) as caught:
        run_case(golden_dir.path, settings=Settings(threads=1)).check()
    assert [each.tensor for each in caught.value.differences] == ["out_y"]


CLEARS_BACKWARDS = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    float* end = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 1; i <= args[2]; ++i) end[-i] = 0;
}
"""


@pytest.mark.parametrize(
    ("kernel", "address"),
    [(COPY, "workspace"), (CLEARS_BACKWARDS, "static_cast<char*>(workspace) + 32")],
)
def test_workspace_that_ends_as_it_began(golden_dir: GoldenDir, kernel: str, address: str) -> None:
    """A task that clears it for the next case may come before those that use it."""
    golden_dir.kernel_config(THREE_KERNELS)
    golden_dir.kernel(COPY, "copy.cpp")
    golden_dir.kernel(kernel, "add.cpp")
    golden_dir.orchestration_body(CLEARS.replace("{address}", address))
    settings = Settings(threads=1)
    assert isinstance(run_case(golden_dir.path, settings=settings).failure, OrderDependence)
