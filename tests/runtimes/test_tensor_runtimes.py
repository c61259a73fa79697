"""Orchestrations for tensormap_and_ringbuffer and aicpu_build_graph."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import A2A3SimError, Mismatch, OrderDependence, Simulator
from pytest_a2a3sim.model.spec import RUNTIMES
from tests.runtimes.tensor_dirs import A5, DEFAULT, GIVEN, Variant, one_of, tensor_dir
from tests.words import without_breaks

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


def among(
    path: Path,
    sources: Path,
    name: str,
    bodies: dict[str, tuple[str, Variant]],
    expected: str,
) -> GoldenDir:
    """The directory of one of many bodies; those of one form are compiled together."""

    variant = bodies[name][1]
    form = (variant.runtime, variant.parameters)
    like = {
        each: body for each, (body, its) in bodies.items() if (its.runtime, its.parameters) == form
    }
    variant = replace(variant, choice=list(like).index(name), sources=sources)
    return tensor_dir(path / "case", one_of(like.values()), expected, variant)


CHAIN = """
pto2_rt_submit_aiv_task(SCALE, scale_params(x, c, 2));
pto2_rt_submit_aic_task(SCALE_AIC, scale_params(c, d, 3));
pto2_rt_submit_aiv_task(ADD, add_params(c, d, y));
"""
EIGHT_TIMES = '8 * tensors["x"]'

RIGHT: dict[str, tuple[str, str, Variant]] = {
    "a chain": (CHAIN, EIGHT_TIMES, DEFAULT),
    "the form of a5": (
        """
        pto2_rt_submit_aiv_task(rt, SCALE, scale_params(x, c, 2));
        PTO2_SCOPE(rt) {
            pto2_rt_submit_aic_task(rt, SCALE_AIC, scale_params(c, d, 3));
            pto2_rt_submit_aiv_task(rt, ADD, add_params(c, d, y));
            LOG_INFO(rt, "%d tasks", 3);
        }
        """,
        EIGHT_TIMES,
        A5,
    ),
    "the form of February": (
        CHAIN,
        EIGHT_TIMES,
        Variant(parameters="PTO2Runtime* rt, uint64_t* args, int"),
    ),
    "both parts of a tensor": (
        """
        const uint32_t half[1] = {32};
        for (uint32_t i = 0; i < 2; ++i) {
            PTO2_SCOPE() {
                const uint32_t at[1] = {32 * i};
                Tensor from = x.view(half, at);
                Tensor to = y.view(half, at);
                Tensor between = make_tensor(half, 1);
                pto2_rt_submit_aiv_task(SCALE, scale_params(from, between, i + 1.0f));
                pto2_rt_submit_aiv_task(SCALE, scale_params(between, to, 1));
            }
        }
        LOG_DEBUG("%s", x.dump().c_str());
        """,
        'tensors["x"] * np.repeat([1, 2], 32)',
        DEFAULT,
    ),
    "in place": (
        """
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, y, 1));
        for (int i = 0; i < 3; ++i) {
            PTOParam params;
            params.add_inout(y);
            params.add_inout(y);
            params.add_scalar(bits(2));
            pto2_rt_submit_aiv_task(SCALE, params);
        }
        """,
        EIGHT_TIMES,
        DEFAULT,
    ),
    "a mixed task": (
        """
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, c, 2));
        MixedKernels mixed;
        mixed.aic_kernel_id = SCALE_AIC;
        mixed.aiv1_kernel_id = NOTHING;
        PTOParam params;
        params.add_input(c);
        params.add_output(d);
        params.add_scalar(bits(4));
        pto2_rt_submit_task(mixed, params);
        pto2_rt_submit_aiv_task(SCALE, scale_params(d, y, 1));
        """,
        EIGHT_TIMES,
        DEFAULT,
    ),
    "what the orchestration reads": (
        """
        const float seven = reinterpret_cast<const float*>(x.buffer.addr)[7];
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, y, seven));
        """,
        '7 * tensors["x"]',
        DEFAULT,
    ),
    "many scalars": (
        """
        PTOParam params = scale_params(x, y, 8);
        const uint64_t more[100] = {};
        params.add_scalars(more, 100);
        const int32_t negative[1] = {-1};
        params.add_scalars_i32(negative, 1);
        PTOParam copied;
        copied.copy_scalars_from(params, 0, 102);
        if (copied.scalars[101] != 0xffffffff) return;
        pto2_rt_submit_aiv_task(SCALE, params);
        """,
        EIGHT_TIMES,
        DEFAULT,
    ),
    "dependencies that are given": (
        """
        PTO2_SCOPE(rt) {
            PTO2TaskId first = pto2_rt_submit_aiv_task(rt, SCALE, scale_params(x, c, 2));
            PTO2TaskId second = pto2_rt_submit_aic_task(rt, SCALE_AIC, scale_params(c, d, 3));
            PTO2TaskId third = pto2_rt_submit_aiv_task(rt, ADD, add_params(c, d, y));
            pto2_rt_add_dependency(rt, first, second);
            pto2_rt_add_dependency(rt, second, third);
        }
        """,
        EIGHT_TIMES,
        GIVEN,
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right(name: str, simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    bodies = {each: (body, options) for each, (body, _, options) in RIGHT.items()}
    directory = among(tmp_path, sources, name, bodies, RIGHT[name][1])
    simulator.run_case(directory.path).check()


def test_edges(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    result = simulator.run_case(
        tensor_dir(tmp_path / "chain", CHAIN, EIGHT_TIMES, Variant(sources=sources)).path
    )
    assert (result.graph.tasks, result.graph.edges) == (3, 3)


# A task for each way in which the runtime leaves two of them unordered: how its mend is called, and
# the body with the mend.
WRITE_READ_WRITE = """
for (int i = 1; i <= 3; ++i) {{
    PTOParam write;
    write.add_input(x);
    write.{write}(c);
    write.add_scalar(bits(static_cast<float>(i)));
    pto2_rt_submit_aiv_task(SCALE, write);
    PTOParam read;
    read.{read}(c);
    read.add_inout(y);
    read.add_inout(y);
    pto2_rt_submit_aiv_task(ADD, read);
}}
"""
SIX_TIMES = '6 * tensors["x"]'


def test_a_writer_does_not_wait_for_readers(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    body = WRITE_READ_WRITE.format(write="add_output", read="add_input")
    directory = tensor_dir(tmp_path / "loop", body, SIX_TIMES, Variant(sources=sources))
    with pytest.raises(OrderDependence) as caught:
        simulator.run_case(directory.path).check()
    lines = re.sub(r"orchestration_\w+", "orchestration", str(caught.value)).splitlines()
    assert [line for line in lines if "ADD" in line or "tensor" in line or "buffer" in line] == [
        (
            "racecheck: WAR race of task 1 (ADD) and task 2 (SCALE) on 256 bytes of device buffer "
            "#2, bytes 0 to 255, and nothing orders them"
        ),
        f"  task 1 (ADD) reads at {sources}/add.cpp:18",
        f"  buffer #2 is an output of a task submitted at {sources}/orchestration.cpp:50",
        (
            "  the runtime lets no task wait for those that read: pass the tensor to add_inout for "
            "both tasks, or give task 2 one of its own"
        ),
    ]


def test_its_mend(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    first = "pto2_rt_submit_aiv_task(SCALE, scale_params(x, c, 1));"
    body = first + WRITE_READ_WRITE.format(write="add_inout", read="add_inout")
    simulator.run_case(
        tensor_dir(tmp_path / "loop", body, SIX_TIMES, Variant(sources=sources)).path
    ).check()


def test_two_outputs_are_not_ordered(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    body = """
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, y, 2));
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, y, 8));
        """
    result = simulator.run_case(
        tensor_dir(tmp_path / "twice", body, EIGHT_TIMES, Variant(sources=sources)).path
    )
    with pytest.raises(
        OrderDependence, match="add_inout for task 1 instead of add_output"
    ) as caught:
        result.check()
    assert "racecheck: WAW race of task 0 (SCALE) and task 1 (SCALE) on 256 bytes of y" in str(
        caught.value
    )


def test_a_dependency_that_is_not_given(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    body = """
        PTO2_SCOPE(rt) {
            pto2_rt_submit_aiv_task(rt, SCALE, scale_params(x, c, 2));
            pto2_rt_submit_aiv_task(rt, SCALE, scale_params(c, y, 4));
        }
        """
    directory = tensor_dir(tmp_path / "given", body, EIGHT_TIMES, replace(GIVEN, sources=sources))
    with pytest.raises(OrderDependence) as caught:
        simulator.run_case(directory.path).check()
    mend = "add pto2_rt_add_dependency(rt, A, B) with the ids of tasks 0 and 1"
    assert mend in str(caught.value)


MANY = """
const uint32_t one[1] = {1};
for (uint32_t i = 0; i < 17; ++i) {
    const uint32_t at[1] = {i};
    Tensor from = x.view(one, at);
    Tensor to = c.view(one, at);
    pto2_rt_submit_aiv_task(SCALE, scale_params(from, to, 8));
}
"""
ALLOCATE = "pto2_rt_submit_aiv_task(SCALE, scale_params(x, c, 8));"
NESTED = """
for (int i = 0; i < 70; ++i) pto2_rt_scope_begin();
pto2_rt_submit_aiv_task(SCALE, scale_params(x, y, 8));
"""
FOUR = "for (int i = 0; i < 4; ++i) pto2_rt_submit_aiv_task(SCALE, scale_params(x, d, 8));"

# A mistake, and the error's words.
WRONG: dict[str, tuple[str, Variant, str]] = {
    "more parts than the device looks at": (
        f"{ALLOCATE}\n{MANY}\npto2_rt_submit_aiv_task(SCALE, scale_params(c, y, 1));",
        DEFAULT,
        (
            "task 18 (func_id 0): it depends on more than 16 tasks: the device keeps 16, drops "
            "the others without a word, and starts the task too early"
        ),
    ),
    "more tasks than slots": (
        f"{FOUR}\npto2_rt_submit_aiv_task(SCALE, scale_params(d, y, 1));",
        Variant(environment={"PTO2_RING_TASK_WINDOW": "4"}),
        (
            "task 3 (func_id 0): the scopes that are open hold 4 tasks in ring 0, whose window "
            "has 4 slots, one of which stays free: the device waits for ever for a slot (error "
            "1, scope deadlock); end the scope earlier, or set PTO2_RING_TASK_WINDOW to a power "
            "of two above 4"
        ),
    ),
    "more outputs than memory": (
        """
        Tensor e = make_tensor(shape, 1);
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, c, 1));
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, d, 1));
        pto2_rt_submit_aiv_task(SCALE, scale_params(x, e, 1));
        """,
        Variant(environment={"PTO2_RING_HEAP": "2048"}),
        (
            "task 2 (func_id 0): the scopes that are open hold 3072 bytes of outputs in ring 0, "
            "whose heap has 2048: the device waits for ever for memory (error 2, heap ring "
            "deadlock)"
        ),
    ),
    "more dependencies than entries": (
        (
            f"{ALLOCATE}\nfor (int i = 0; i < 4; ++i) "
            "pto2_rt_submit_aiv_task(SCALE, scale_params(c, y, 8));"
        ),
        Variant(environment={"PTO2_RING_DEP_POOL": "4"}),
        (
            "task 4 (func_id 0): the scopes that are open hold 4 dependencies in ring 0, whose "
            "pool has 4 entries, one of which stays free (error 4, dependency pool overflow)"
        ),
    ),
    "more scopes than fit": (
        NESTED,
        DEFAULT,
        "a scope is opened within 64 others; the runtime has room for 64",
    ),
    "a tensor whose scope has ended": (
        f"PTO2_SCOPE() {{ {ALLOCATE} }}\npto2_rt_submit_aiv_task(SCALE, scale_params(c, y, 1));",
        DEFAULT,
        (
            "task 1 (func_id 0): tensor 0 is an output of task 0, whose scope has ended: the "
            "device may have given its memory to another task since"
        ),
    ),
    "an input without memory": (
        "pto2_rt_submit_aiv_task(SCALE, scale_params(c, y, 1));",
        DEFAULT,
        "task 0 (func_id 0): add_input: the tensor has no memory",
    ),
    "memory of the host": (
        """
        static float local[64];
        Tensor host = make_tensor_external(local, shape, 1);
        pto2_rt_submit_aiv_task(SCALE, scale_params(host, y, 1));
        """,
        DEFAULT,
        (
            "is not a device address; a tensor's buffer is an argument of the orchestration or an "
            "output of a task"
        ),
    ),
    "a tensor after a scalar": (
        (
            "PTOParam params = scale_params(x, y, 1);\nparams.add_input(x);\n"
            "pto2_rt_submit_aiv_task(SCALE, params);"
        ),
        DEFAULT,
        "task 0 (func_id 0): a tensor was added after a scalar",
    ),
    "too many tensors": (
        (
            "PTOParam params;\nfor (int i = 0; i < 17; ++i) params.add_input(x);\n"
            "pto2_rt_submit_aiv_task(SCALE, params);"
        ),
        DEFAULT,
        "task 0 (func_id 0): a task has at most 16 tensors",
    ),
    "no kernel": (
        "pto2_rt_submit_task(MixedKernels{}, scale_params(x, y, 1));",
        DEFAULT,
        "it has no kernel: every id is -1",
    ),
    "a kernel on the wrong core": (
        "pto2_rt_submit_aic_task(SCALE, scale_params(x, y, 1));",
        DEFAULT,
        "task 0 was added for an AIC core, but its kernel SCALE (func_id 0) is for AIV",
    ),
    "an end of no scope": (
        "pto2_rt_scope_end();",
        DEFAULT,
        "pto2_rt_scope_end: no scope is open",
    ),
    "a reshape that loses its offset": (
        """
        const uint32_t half[1] = {32};
        const uint32_t at[1] = {32};
        const uint32_t rows[2] = {4, 8};
        Tensor lost = x.view(half, at).reshape(rows, 2);
        pto2_rt_submit_aiv_task(SCALE, scale_params(lost, y, 1));
        """,
        DEFAULT,
        "the device forgets its offset here",
    ),
    "a dependency after the scope": (
        """
        PTO2TaskId first, second;
        PTO2_SCOPE(rt) {
            first = pto2_rt_submit_aiv_task(rt, SCALE, scale_params(x, y, 8));
            second = pto2_rt_submit_aiv_task(rt, SCALE, scale_params(x, y, 8));
        }
        pto2_rt_add_dependency(rt, first, second);
        """,
        GIVEN,
        (
            "pto2_rt_add_dependency: the scope of the consumer, task 1, has ended, and it may run "
            "already"
        ),
    ),
    "a dependency of no task": (
        "pto2_rt_add_dependency(rt, PTO2TaskId(), PTO2TaskId());",
        GIVEN,
        "pto2_rt_add_dependency: the producer is no task that was submitted",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong(name: str, simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    words = WRONG[name][2]
    mistakes = {each: (body, options) for each, (body, options, _) in WRONG.items()}
    directory = among(tmp_path, sources, name, mistakes, EIGHT_TIMES)
    with pytest.raises(A2A3SimError) as caught:
        simulator.run_case(directory.path).check()
    assert not isinstance(caught.value, Mismatch)
    assert without_breaks(words) in without_breaks(str(caught.value))


def test_fewer_arguments_than_expected(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    directory = tensor_dir(tmp_path / "few", CHAIN, EIGHT_TIMES, Variant(sources=sources))
    text = directory.golden_py.read_text()
    directory.golden(text.replace('("size", ctypes.c_int64(64)),', ""))
    words = r"gets 3 arguments, and its aicpu_orchestration_config expects 4"
    with pytest.raises(A2A3SimError, match=words):
        simulator.run_case(directory.path).check()


def test_orchestration_for_another_runtime(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = tensor_dir(tmp_path / "other", CHAIN, EIGHT_TIMES)
    config = directory.path / "kernels" / "kernel_config.py"
    source = config.parent / "orchestration.cpp"
    source.write_text('extern "C" void aicpu_orchestration_entry() {}')
    config.write_text(config.read_text() + f"ORCHESTRATION['source'] = {str(source)!r}\n")
    words = r"does not include pto_orchestration_api\.h"
    with pytest.raises(A2A3SimError, match=words):
        simulator.run_case(directory.path).check()


def test_kernels_cannot_change_descriptors(
    simulator: Simulator, sources: Path, tmp_path: Path
) -> None:
    directory = tensor_dir(tmp_path / "changed", CHAIN, EIGHT_TIMES)
    kernel = (directory.path / "kernels" / "add.cpp").read_text()
    changes = "reinterpret_cast<Tensor*>(args[0])->shapes[0] = 1;"
    directory.kernel(
        kernel.replace("uint64_t count = 0;", changes + "uint64_t count = 0;"), "add.cpp"
    )
    with pytest.raises(A2A3SimError, match="kernel 'ADD' in task 2"):
        simulator.run_case(directory.path).check()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the instruction is an ARM one's")
def test_counter_of_the_device(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    body = """
        uint64_t before, after;
        asm volatile("mrs %0, cntvct_el0" : "=r"(before));
        asm volatile("mrs %0, cntvct_el0" : "=r"(after));
        if (after <= before) return;
        """
    directory = tensor_dir(
        tmp_path / "counter", body + CHAIN, EIGHT_TIMES, Variant(sources=sources)
    )
    simulator.run_case(directory.path).check()


def test_unknown_runtime(simulator: Simulator, sources: Path, tmp_path: Path) -> None:
    directory = tensor_dir(tmp_path / "unknown", CHAIN, EIGHT_TIMES, Variant("ring_of_fire"))
    words = '"host_build_graph", "aicpu_build_graph", "tensormap_and_ringbuffer"; got'
    with pytest.raises(A2A3SimError, match=words):
        simulator.run_case(directory.path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PTO2_RING_TASK_WINDOW", "100", "must be a power of two, and at least 4; got '100'"),
        ("PTO2_RING_HEAP", "512", "must be a power of two, and at least 1024; got '512'"),
        ("PTO2_RING_DEP_POOL", "few", "must be a number; got 'few'"),
    ],
)
def test_bad_ring_sizes(
    name: str, value: str, words: str, simulator: Simulator, tmp_path: Path
) -> None:
    directory = tensor_dir(tmp_path / "bad", CHAIN, EIGHT_TIMES, Variant(environment={name: value}))
    with pytest.raises(A2A3SimError) as caught:
        simulator.run_case(directory.path)
    assert words in caught.value.message


_ENTRY = 'extern "C" __attribute__((visibility("default")))'


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_forms_of_an_entry_that_is_missing(
    simulator: Simulator, sources: Path, tmp_path: Path, runtime: str
) -> None:
    directory = tensor_dir(
        tmp_path / "forms", CHAIN, EIGHT_TIMES, Variant(runtime=runtime, sources=sources)
    )
    config = directory.path / "kernels" / "kernel_config.py"
    source = directory.path / "kernels" / "own.cpp"
    text = "ORCHESTRATION |= {'source': 'own.cpp', 'function_name': 'aicpu_orchestration_entry'}\n"
    config.write_text(config.read_text() + text)
    source.write_text('#include "pto_orchestration_api.h"\n')

    message = failure_of(simulator, directory)
    assert message.startswith("the orchestration has no symbol 'aicpu_orchestration_entry'\n")
    forms = re.findall(r"void aicpu_orchestration_entry\(.+?\)", message)
    assert len(forms) == (1 if runtime == "host_build_graph" else 4)
    for form in forms:
        source.write_text(f'#include "pto_orchestration_api.h"\n{_ENTRY} {form} {{}}\n')
        assert "returned 0 but added no task" in failure_of(simulator, directory)


def failure_of(simulator: Simulator, directory: GoldenDir) -> str:
    with pytest.raises(A2A3SimError) as caught:
        simulator.run_case(directory.path).check()
    return str(caught.value)
