"""Orchestrations with the API since April 2026."""

from __future__ import annotations

import contextlib
import json
import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim import A2A3SimError, Mismatch, OrderDependence, Settings, Simulator
from pytest_a2a3sim.cli import main
from tests.golden_dirs import GoldenDir
from tests.runtimes.tensor_dirs import ADD, CONFIG, KERNEL_START, NOTHING, SCALE
from tests.words import without_breaks

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = """
import ctypes

import numpy as np

__outputs__ = ["y"]


def generate_inputs(params):
    return [
        ("choice", ctypes.c_int64({choice})),
        ("x", np.arange(1, 65, dtype=np.float32).reshape(8, 8)),
        ("count", ctypes.c_int64(3)),
        ("flags", np.array([-1, 0, 1], dtype=np.int16)),
        ("y", np.zeros((8, 8), dtype=np.float32)),
    ]


def compute_golden(tensors, params):
    tensors["y"][:] = {expected}
"""

# Each block does its share of the rows; with two vector cores, each does half of the columns.
BLOCKS = """
#include "intrinsic.h"

extern "C" void kernel_entry(int64_t* args) {  // (from, to, lanes, factor)
    uint64_t count = 0;
    const float* from = data(args[0], count);
    float* to = data(args[1], count);
    const int rows = 8 / get_block_num(args);
    const int columns = 8 / static_cast<int>(args[2]);
    const int column = columns * get_sub_block_id(args);
    float factor;
    std::memcpy(&factor, &args[3], sizeof factor);
    for (int row = get_block_idx(args) * rows; row < (get_block_idx(args) + 1) * rows; ++row) {
        for (int i = 8 * row + column; i < 8 * row + column + columns; ++i) {
            to[i] = factor * from[i];
        }
    }
}
"""

# Elements wherever strides say, row by row.
STRIDED = """
extern "C" void kernel_entry(int64_t* args) {  // (from, to)
    const Tensor& from = *reinterpret_cast<const Tensor*>(args[0]);
    const Tensor& to = *reinterpret_cast<const Tensor*>(args[1]);
    for (uint32_t i = 0; i < from.shapes[0]; ++i) {
        for (uint32_t j = 0; j < from.shapes[1]; ++j) {
            const uint32_t at[2] = {i, j};
            to.data_as<float>()[to.compute_flat_offset(at, 2)] =
                from.data_as<float>()[from.compute_flat_offset(at, 2)];
        }
    }
}
"""

MORE_KERNELS = """
KERNELS += [
    {{"func_id": 4, "name": "BLOCKS", "source": "{sources}/blocks.cpp", "core_type": "aiv"}},
    {{"func_id": 5, "name": "BLOCKS_AIC", "source": "{sources}/blocks.cpp", "core_type": "aic"}},
    {{"func_id": 6, "name": "STRIDED", "source": "{sources}/strided.cpp", "core_type": "aiv"}},
]
ORCHESTRATION["function_name"] = "aicpu_orchestration_entry"
"""

ORCHESTRATION = """
#include "pto_orchestration_api.h"

enum {{ SCALE, ADD, SCALE_AIC, NOTHING, BLOCKS, BLOCKS_AIC, STRIDED }};

static PTO2TaskId scale(const Tensor& from, const Tensor& to, float factor) {{
    CoreTaskArgs args;
    args.add_input(from);
    args.add_output(to);
    args.add_scalar(factor);
    return rt_submit_aiv_task(SCALE, args).task_id();
}}

extern "C" {{
__attribute__((visibility("default")))
PTO2OrchestrationConfig aicpu_orchestration_config(const ChipTaskArgs&) {{
    return PTO2OrchestrationConfig{{.expected_arg_count = 5}};
}}

__attribute__((visibility("default")))
void aicpu_orchestration_entry(const ChipTaskArgs& args) {{
    const Tensor& square = args.tensor(0).ref();
    const Tensor& flags = args.tensor(1).ref();
    const uint32_t flat[1] = {{64}};
    const Tensor x = square.reshape(flat, 1);
    const Tensor y = args.tensor(2).ref().reshape(flat, 1);
    const TensorCreateInfo new_tensor(flat, 1);
    (void)x, (void)y, (void)new_tensor, (void)flags;
    switch (args.scalar(0)) {{
{cases}
    }}
}}
}}
"""


def case_of(index: int, body: str) -> str:
    return f"case {index}: {{\n{textwrap.dedent(body)}\nbreak;\n}}"


def core_dir(
    path: Path, sources: Path, name: str, bodies: dict[str, tuple[str, str]], runtime: str
) -> GoldenDir:
    """The directory of one of many bodies, which are compiled together."""
    directory = GoldenDir(path)
    index = list(bodies).index(name)
    expected = bodies[name][1] if bodies is RIGHT or bodies is WAITING else 'tensors["x"]'
    directory.golden(GOLDEN.format(expected=expected, choice=index))
    files = {id(RIGHT): "right.cpp", id(WAITING): "waiting.cpp", id(WHY): "why.cpp"}
    orchestration = files.get(id(bodies), "wrong.cpp")
    directory.kernel_config(
        (CONFIG + MORE_KERNELS).format(
            runtime=runtime, environment={}, sources=sources, orchestration=orchestration
        )
    )
    cases = "\n".join(case_of(i, body) for i, (body, _) in enumerate(bodies.values()))
    for file, content in {
        "scale.cpp": KERNEL_START + SCALE,
        "add.cpp": KERNEL_START + ADD,
        "nothing.cpp": NOTHING,
        "blocks.cpp": KERNEL_START + BLOCKS,
        "strided.cpp": KERNEL_START + STRIDED,
        orchestration: ORCHESTRATION.format(cases=cases),
    }.items():
        if not (sources / file).exists():
            (sources / file).write_text(content)
    return directory


SIX_TIMES = '6 * tensors["x"]'
RIGHT: dict[str, tuple[str, str]] = {
    "an output with memory of its own": (
        """
        CoreTaskArgs first;
        first.add_input(x);
        first.add_output(new_tensor);
        first.add_scalar(2.0f);
        TaskOutputTensors made = rt_submit_aiv_task(SCALE, first);
        if (made.size() != 1 || !made.task_id().is_valid()) return;
        CoreTaskArgs second;
        second.add_input(made.get_ref(0));
        second.add_output(y);
        second.add_scalar(static_cast<float>(args.scalar<int64_t>(1)));
        rt_submit_aic_task(SCALE_AIC, second);
        """,
        SIX_TIMES,
    ),
    "the names of April": (
        """
        Tensor from = from_tensor_arg(args.tensor(0));
        PTO2_SCOPE() {
            Arg first;
            first.add_input(x);
            first.add_output(new_tensor);
            first.add_scalar(2.0f);
            TaskOutputTensors made = pto2_rt_submit_aiv_task(SCALE, first);
            Arg second;
            second.add_input(made.get_ref(0));
            second.add_output(y);
            second.add_scalar(from.dtype == DataType::FLOAT32 ? 3.0f : 0.0f);
            pto2_rt_submit_aiv_task(SCALE, second);
        }
        """,
        SIX_TIMES,
    ),
    "memory that is given beforehand": (
        """
        TaskOutputTensors memory = alloc_tensors(new_tensor, new_tensor);
        CoreTaskArgs fills;
        TensorCreateInfo five(flat, 1);
        five.set_initial_value(5.0f);
        TaskOutputTensors fives = alloc_tensors(five);
        scale(x, memory.get_ref(0), 5);
        CoreTaskArgs sum;
        sum.add_input(memory.get_ref(0), fives.get_ref(0));
        sum.add_inout(y);
        rt_submit_aiv_task(ADD, sum);
        """,
        '5 * tensors["x"] + 5',
    ),
    "blocks": (
        """
        TaskOutputTensors memory = alloc_tensors(new_tensor);
        CoreTaskArgs rows;
        rows.add_input(x);
        rows.add_output(memory.get_ref(0));
        rows.add_scalar(1, 2.0f);
        rows.launch_spec.set_block_num(4);
        rows.launch_spec.set_require_sync_start(true);
        rt_submit_aiv_task(BLOCKS, rows);
        CoreTaskArgs halves;
        halves.add_input(memory.get_ref(0));
        halves.add_inout(y);
        halves.add_scalar(2, 3.0f);
        halves.launch_spec.set_block_num(2);
        rt_submit_task(MixedKernels{INVALID_KERNEL_ID, BLOCKS, BLOCKS}, halves);
        """,
        SIX_TIMES,
    ),
    "strides": (
        """
        CoreTaskArgs transposed;
        TensorCreateInfo like(square.shapes, 2);
        const Tensor from = square.transpose(0, 1);
        transposed.add_input(from);
        transposed.add_output(like);
        TaskOutputTensors made = rt_submit_aiv_task(STRIDED, transposed);
        for (uint32_t i = 0; i < 2; ++i) {
            CoreTaskArgs part;
            const Tensor odd = made.get_ref(0).slice(1, i, 8, 2);
            const Tensor to = args.tensor(2).ref().slice(1, i, 8, 2);
            part.add_input(odd);
            part.add_inout(to);
            rt_submit_aiv_task(STRIDED, part);
        }
        """,
        'tensors["x"].T',
    ),
    "tasks that are named": (
        """
        TaskOutputTensors memory = alloc_tensors(new_tensor, new_tensor);
        PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
            const Tensor& a = memory.get_ref(0);
            const Tensor& b = memory.get_ref(1);
            const PTO2TaskId both[] = {scale(x, a, 2), scale(x, b, 4)};
            CoreTaskArgs barrier;
            barrier.set_dependencies(both, 2);
            const PTO2TaskId after[] = {rt_submit_dummy_task(barrier).task_id()};
            CoreTaskArgs sum;
            sum.add_input(a, b);
            sum.add_output(y);
            sum.set_dependencies(after, 1);
            rt_submit_aiv_task(ADD, sum);
        }
        """,
        SIX_TIMES,
    ),
    "elements": (
        """
        const uint32_t at[1] = {2};
        const uint32_t first[2] = {0, 6};
        const float seven = get_tensor_data<float>(square, 2, first);
        TaskOutputTensors memory = alloc_tensors(new_tensor);
        const uint32_t one[1] = {1};
        const uint32_t zero[1] = {0};
        scale(x, memory.get_ref(0).view(flat, zero), seven);
        CoreTaskArgs last;
        last.add_input(memory.get_ref(0));
        last.add_output(y);
        last.add_scalar(static_cast<float>(get_tensor_data<int16_t>(flags, 1, at)));
        rt_submit_aiv_task(SCALE, last);
        const Tensor part = x.view(one, zero);
        (void)part;
        """,
        '7 * tensors["x"]',
    ),
    "conditions": (
        """
        for (uint32_t i = 0; i < 3; ++i) {
            CoreTaskArgs each;
            each.add_input(x);
            each.add_inout(y);
            each.add_scalar(i + 1.0f);
            CoreTaskPredicate predicate;
            predicate.operand = {&flags, 1, {i}};
            predicate.op = PredicateOp::LT;
            predicate.target = 1;
            each.set_predicate(predicate);
            rt_submit_aiv_task(SCALE, each);
        }
        """,
        '2 * tensors["x"]',
    ),
}

# What an orchestration can only do beside the device.
WAITING: dict[str, tuple[str, str]] = {
    "elements that tasks make": (
        """
        CoreTaskArgs first;
        first.add_input(x);
        first.add_output(new_tensor);
        first.add_scalar(2.0f);
        TaskOutputTensors made = rt_submit_aiv_task(SCALE, first);
        const Tensor& c = made.get_ref(0);
        const uint32_t fourth[1] = {3}, zero[1] = {0};
        const float eight = get_tensor_data<float>(c, 1, fourth);
        scale(c, y, eight);
        if (get_tensor_data<float>(y, 1, zero) != 16.0f) return;
        set_tensor_data(c, 1, zero, 100.0f);
        if (get_tensor_data<float>(c, 1, zero) != 100.0f) return;
        CoreTaskArgs sum;
        sum.add_input(c, c);
        sum.add_output(y);
        rt_submit_aiv_task(ADD, sum);
        set_tensor_data(y, 1, fourth, eight);
        """,
        'np.where(tensors["x"] == 1, 200, np.where(tensors["x"] == 4, 8, 4 * tensors["x"]))',
    ),
    "many elements": (
        """
        float expected = 1;
        const uint32_t zero[1] = {0};
        scale(x, y, 1);
        for (int i = 0; i < 30; ++i) {
            CoreTaskArgs twice;
            twice.add_inout(y, y);
            twice.add_scalar(i % 2 == 0 ? 2.0f : 0.5f);
            rt_submit_aiv_task(SCALE, twice);
            expected *= i % 2 == 0 ? 2.0f : 0.5f;
            if (get_tensor_data<float>(y, 1, zero) != expected) return;
        }
        scale(y, y, 3);
        """,
        '3 * tensors["x"]',
    ),
}

# What is wrong, and the words that say so.
WRONG: dict[str, tuple[str, str]] = {
    "an output that is not ordered": (
        """
        for (float factor : {2.0f, 1.0f}) scale(x, y, factor);
        """,
        "the outputs depend on the order of tasks that the graph does not order: y",
    ),
    "a dependency that is not named": (
        """
        TaskOutputTensors memory = alloc_tensors(new_tensor);
        PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
            scale(x, memory.get_ref(0), 1);
            scale(memory.get_ref(0), y, 1);
        }
        """,
        "the outputs depend on the order of tasks that the graph does not order: y",
    ),
    "a view of more than there is": (
        """
        const uint32_t shape[2] = {4, 8};
        const uint32_t at[2] = {5, 0};
        square.view(shape, at);
        """,
        "Tensor::view: elements 5 to 9 of dimension 0, of which the tensor has 8",
    ),
    "an argument that is not there": (
        "args.tensor(3);",
        "the orchestration asks for tensor(3) and gets 3 tensors",
    ),
    "an output that is not there": (
        """
        CoreTaskArgs nothing;
        TaskOutputTensors made = rt_submit_aiv_task(NOTHING, nothing);
        made.get_ref(0);
        """,
        "TaskOutputTensors::get_ref(0): the task has 0 outputs",
    ),
    "too many scalars": (
        """
        CoreTaskArgs many;
        for (int i = 0; i < 17; ++i) many.add_scalar(i);
        rt_submit_aiv_task(NOTHING, many);
        """,
        "task 0 (func_id 3): a task has at most 16 scalars",
    ),
    "too many tensors": (
        """
        CoreTaskArgs many;
        for (int i = 0; i < 33; ++i) many.add_input(x);
        rt_submit_aiv_task(NOTHING, many);
        """,
        "task 0 (func_id 3): a task has at most 32 tensors",
    ),
    "an error that its author reports": (
        'rt_report_fatal(PTO2_ERROR_INVALID_ARGS, "%d is odd", 3);',
        "the orchestration reports error 5 in aicpu_orchestration_entry: 3 is odd",
    ),
    "more blocks that start together than cores": (
        """
        CoreTaskArgs many;
        many.launch_spec.set_block_num(5);
        many.launch_spec.set_require_sync_start(true);
        rt_submit_aiv_task(NOTHING, many);
        """,
        "its 5 blocks must start together, and there are 4 vector cores",
    ),
    "no block": (
        """
        CoreTaskArgs none;
        none.launch_spec.set_block_num(0);
        rt_submit_aiv_task(NOTHING, none);
        """,
        "task 0 (func_id 3): block_num is 0; a task has at least one block",
    ),
    "a scope that looks within one that does not": (
        """
        PTO2_SCOPE(PTO2ScopeMode::MANUAL) {
            PTO2_SCOPE() {}
        }
        """,
        "a scope of mode AUTO is opened within one of mode MANUAL",
    ),
    "a task that nobody submitted": (
        """
        const PTO2TaskId none[] = {PTO2TaskId::invalid()};
        CoreTaskArgs waits;
        waits.set_dependencies(none, 1);
        rt_submit_aiv_task(NOTHING, waits);
        """,
        "task 0 (func_id 3): dependency 0 is no task that was submitted",
    ),
    "memory with an input": (
        """
        CoreTaskArgs memory;
        memory.add_input(x);
        alloc_tensors(memory);
        """,
        "task 0 (alloc_tensors): alloc_tensors takes outputs that get memory",
    ),
    "an output after its scope": (
        """
        TaskOutputTensors made;
        PTO2_SCOPE() {
            CoreTaskArgs first;
            first.add_input(x);
            first.add_output(new_tensor);
            first.add_scalar(1.0f);
            made = rt_submit_aiv_task(SCALE, first);
        }
        scale(made.get_ref(0), y, 1);
        """,
        "task 1 (func_id 0): tensor 0 is an output of task 0, whose scope has ended",
    ),
    "a tensor that belongs to no task": (
        """
        Tensor lost = x;
        lost.owner_task_id = PTO2TaskId(7);
        scale(lost, y, 1);
        """,
        "task 0 (func_id 0): tensor 0 belongs to no task: it was never initialised",
    ),
    "an element of which the runtime knows nothing": (
        """
        CoreTaskArgs hidden;
        hidden.add_input(x);
        hidden.add_no_dep(y);
        hidden.add_scalar(1.0f);
        rt_submit_aiv_task(SCALE, hidden);
        const uint32_t at[1] = {0};
        get_tensor_data<float>(y, 1, at);
        """,
        "get_tensor_data: tasks that were submitted before write the tensor, which the runtime",
    ),
    "an element that a task may still read": (
        """
        scale(x, y, 1);
        const uint32_t at[1] = {0};
        set_tensor_data<float>(x, 1, at, 1.0f);
        """,
        "set_tensor_data: task 0 uses the tensor, and the runtime does not wait for it",
    ),
    "an element that is not there": (
        """
        const uint32_t at[1] = {64};
        set_tensor_data(x, 1, at, 1.0f);
        """,
        "set_tensor_data: index 64 of dimension 0, which has 64 elements",
    ),
}


@pytest.mark.parametrize("runtime", ["tensormap_and_ringbuffer", "host_build_graph"])
@pytest.mark.parametrize("name", RIGHT)
def test_right(
    name: str, runtime: str, simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = core_dir(tmp_path / "case", sources, name, RIGHT, runtime)
    simulator.run_case(directory.path).check()


@pytest.mark.parametrize("settings", [{}, {"schedule": "reverse"}, {"sanitize": "all"}], ids=str)
@pytest.mark.parametrize("name", WAITING)
def test_waiting(
    name: str, settings: dict[str, Any], simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = core_dir(tmp_path / "case", sources, name, WAITING, "tensormap_and_ringbuffer")
    simulator.run_case(directory.path, settings=Settings(threads=2, **settings)).check()


def test_waiting_for_what_starts_later(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    name = "elements that tasks make"
    directory = core_dir(tmp_path / "case", sources, name, WAITING, "host_build_graph")
    with pytest.raises(A2A3SimError, match="none starts before the orchestration"):
        simulator.run_case(directory.path)


# The reasons of the edges of a directory, and what its rings hold.
WHY: dict[str, tuple[str, str]] = {
    "each reason": (
        """
        CoreTaskArgs first;
        first.add_input(x);
        first.add_output(new_tensor);
        first.add_scalar(1.0f);
        TaskOutputTensors made = rt_submit_aiv_task(SCALE, first);
        const PTO2TaskId half = scale(made.get_ref(0), y, 1);
        CoreTaskArgs update;
        const uint32_t shape[1] = {16}, at[1] = {32};
        const Tensor part = y.view(shape, at);
        update.add_inout(part);
        update.add_inout(part);
        update.add_scalar(1.0f);
        rt_submit_aiv_task(SCALE, update);
        CoreTaskArgs reader;
        reader.add_input(y);
        reader.add_no_dep(y);
        reader.add_scalar(1.0f);
        reader.set_dependencies(&half, 1);
        rt_submit_aiv_task(NOTHING, reader);
        """,
        "",
    ),
}


@pytest.fixture
def why(sources: Path, tmp_path: Path) -> GoldenDir:
    return core_dir(tmp_path / "case", sources, "each reason", WHY, "tensormap_and_ringbuffer")


def test_why_tasks_wait(why: GoldenDir) -> None:
    with contextlib.closing(Simulator(Settings(records_dependencies=True))) as simulator:
        result = simulator.run_case(why.path)
    reasons = {
        (*each.sources, *each.targets): (each.kind, each.tensor, each.region)
        for each in result.dependencies
    }
    made = reasons.pop((0, 1))
    assert made[0] == "creator"
    assert made[1].startswith("buffer #")
    assert made[2] == "[0:64]"
    assert reasons == {
        (1, 2): ("RAW+WAW", "y", "[32:48]"),
        (1, 3): ("explicit", "", ""),
        (2, 3): ("RAW", "y", "[0:64]"),
    }


def test_why_in_the_file_of_a_graph_and_in_reports(
    why: GoldenDir, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tmp_path / "graph.json"
    assert main(["graph", str(why.path), "-o", str(drawn)]) == 0
    edges = json.loads(drawn.read_text())["edges"]
    assert {"from": 2, "to": 3, "kind": "RAW", "tensor": "y", "region": "[0:64]"} in edges
    mermaid = tmp_path / "graph.mmd"
    assert main(["graph", str(why.path), "-o", str(mermaid)]) == 0
    assert "RAW+WAW" in mermaid.read_text()
    capsys.readouterr()
    main(["profile", str(why.path)])
    said = capsys.readouterr().out
    assert "What rings had to hold at a time at most:" in said
    assert "PTO2_RING_TASK_WINDOW=8 PTO2_RING_HEAP=1024 PTO2_RING_DEP_POOL=5" in said


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str, simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    directory = core_dir(tmp_path / "case", sources, name, WRONG, "tensormap_and_ringbuffer")
    with pytest.raises(A2A3SimError) as caught:
        simulator.run_case(directory.path).check()
    assert not isinstance(caught.value, Mismatch) or isinstance(caught.value, OrderDependence)
    assert without_breaks(WRONG[name][1]) in without_breaks(str(caught.value))


@pytest.mark.parametrize("runtime", ["tensormap_and_ringbuffer", "host_build_graph"])
def test_mend_in_terms_of_the_api(
    runtime: str, simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    name = "an output that is not ordered"
    directory = core_dir(tmp_path / "case", sources, name, WRONG, runtime)
    with pytest.raises(OrderDependence) as caught:
        simulator.run_case(directory.path).check()
    assert "the runtime does not order two outputs: pass the tensor to add_inout" in str(
        caught.value
    )
