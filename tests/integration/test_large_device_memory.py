"""Device memory is where large tensors are: whatever orchestrations and kernels do with it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings
from tests.integration.large_dirs import (
    ADDS_A_TASK,
    BUILDS,
    COPIES_BACK,
    DOUBLES,
    PARTS_OF_PAGES,
    WHOLE_PAGES,
    failure,
    passes,
    write,
)

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

ORCHESTRATIONS = {
    "an input is changed before it is copied": (
        """
        void* other = api.device_malloc(args[2]);
        static_cast<float*>(host_x)[5] = 9;
        api.copy_to_device(other, host_x, args[2]);
        task[0] = reinterpret_cast<uint64_t>(other);
        """,
        "tensors['out_y'][5] = 18",
    ),
    "an input is changed after it was copied": (
        "static_cast<float*>(host_x)[5] = 9;\n",
        "",
    ),
    "an input is copied twice": (
        """
        void* other = api.device_malloc(args[2]);
        api.copy_to_device(other, host_x, args[2]);
        task[0] = reinterpret_cast<uint64_t>(other);
        """,
        "",
    ),
    "a copy is copied to": (
        """
        const float nine = 9;
        api.copy_to_device(static_cast<float*>(x) + 5, const_cast<float*>(&nine), 4);
        """,
        "tensors['out_y'][5] = 18",
    ),
    "a copy is copied over": (
        """
        static_cast<float*>(host_x)[5] = 9;
        api.copy_to_device(x, host_x, args[2]);
        """,
        "tensors['out_y'][5] = 18",
    ),
    "a copy is freed": (
        """
        api.device_free(x);
        x = api.device_malloc(args[2]);
        api.copy_to_device(x, host_x, args[2]);
        task[0] = reinterpret_cast<uint64_t>(x);
        """,
        "",
    ),
    "part of an input is copied": (
        """
        void* other = api.device_malloc(args[2]);
        api.copy_to_device(other, static_cast<float*>(host_x) + 1, args[2] - 4);
        api.copy_to_device(static_cast<char*>(other) + args[2] - 4, host_x, 4);
        task[0] = reinterpret_cast<uint64_t>(other);
        """,
        "tensors['out_y'][:] = np.roll(tensors['out_y'], -1)",
    ),
    "the host's output is written to": (
        "static_cast<float*>(host_y)[5] = 9;\n",
        "",
    ),
    "the host's output is read": (
        "if (static_cast<float*>(host_y)[5] != 0) return 1;\n",
        "",
    ),
    "an output is copied to the device": (
        """
        api.copy_to_device(y, host_y, args[3]);
        task[2] /= 2;
        """,
        "tensors['out_y'][COUNT // 2:] = 0",
    ),
    "an output gets parts": (
        """
        runtime->add_task(task, 3, 0, CoreType::AIV);
        for (uint64_t at = 0; at < args[3]; at += 32 << 20) {
            const uint64_t size = args[3] - at < 32 << 20 ? args[3] - at : 32 << 20;
            runtime->record_tensor_pair(static_cast<char*>(host_y) + at,
                                        static_cast<char*>(y) + at, size);
        }
        return 0;
        """,
        "",
    ),
    "an output gets two copies": (
        """
        void* z = api.device_malloc(args[3]);
        uint64_t other[] = {task[1], reinterpret_cast<uint64_t>(z), task[2]};
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->add_task(other, 3, 0, CoreType::AIV);
        runtime->add_successor(0, 1);
        runtime->record_tensor_pair(host_y, y, args[3]);
        runtime->record_tensor_pair(host_y, z, args[3]);
        return 0;
        """,
        "tensors['out_y'] *= 2",
    ),
    "an output gets the end of a buffer": (
        """
        void* z = api.device_malloc(args[3] + 64);
        task[1] = reinterpret_cast<uint64_t>(z) + 64;
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->record_tensor_pair(host_y, static_cast<char*>(z) + 64, args[3]);
        return 0;
        """,
        "",
    ),
}


@pytest.mark.parametrize("isolate", [True, False], ids=["isolated", "in-process"])
@pytest.mark.parametrize("count", [WHOLE_PAGES, PARTS_OF_PAGES])
@pytest.mark.parametrize("what", ORCHESTRATIONS)
def test_orchestrations(doubler: GoldenDir, what: str, count: int, *, isolate: bool) -> None:
    before, expected = ORCHESTRATIONS[what]
    golden = f"""
    def compute_golden(tensors, params):
        np.multiply(tensors["x"], 2, out=tensors["out_y"])
        {expected}
    """
    builds = textwrap.dedent(before) + ("" if "return 0;" in before else BUILDS)
    write(doubler, golden, builds, count=count)
    passes(doubler, Settings(threads=1, isolate=isolate))


def test_outputs_of_one_buffer(doubler: GoldenDir) -> None:
    golden = """
    def generate_inputs(params):
        zeros = [np.zeros(COUNT, dtype=np.float32) for _ in range(2)]
        return {"x": make_x(), "out_y": zeros[0], "out_z": zeros[1]}

    def compute_golden(tensors, params):
        for name in ("out_y", "out_z"):
            tensors[name][:] = 2 * tensors["x"]
    """
    builds = """
        uint64_t again[] = {task[0], task[1], args[6]};
        runtime->add_task(again, 3, 0, CoreType::AIV);
        void* const host_z = reinterpret_cast<void*>(args[2]);
        runtime->record_tensor_pair(host_y, y, args[4]);
        runtime->record_tensor_pair(host_z, y, args[5]);
        return 0;
    """
    write(doubler, golden, count=WHOLE_PAGES)
    doubler.orchestration(
        f"""
        #include "runtime.h"

        extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {{
            HostApi& api = runtime->host_api;
            void* host_y = reinterpret_cast<void*>(args[1]);
            void* x = api.device_malloc(args[3]);
            void* y = api.device_malloc(args[4]);
            api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[3]);
            uint64_t task[] = {{reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y)}};
            {builds}
        }}
        """
    )
    passes(doubler)


def test_kernels_write_to_inputs(doubler: GoldenDir) -> None:
    """What a kernel leaves in its input is for later tasks, and for nobody else."""
    golden = """
    X = []

    def generate_inputs(params):
        X[:] = [make_x()]
        return {"x": X[0], "out_y": np.zeros(COUNT, dtype=np.float32)}

    def compute_golden(tensors, params):
        assert (X[0] == make_x()).all() and (tensors["x"] == X[0]).all()
        tensors["out_y"][:] = 4 * tensors["x"]
    """
    kernel = "for (int64_t i = 0; i < args[2]; ++i) y[i] = const_cast<float*>(x)[i] *= 2;"
    second = ADDS_A_TASK + ADDS_A_TASK + "runtime->add_successor(0, 1);\n" + COPIES_BACK
    write(doubler, golden, second, count=PARTS_OF_PAGES, cases=2)
    doubler.kernel_body(kernel)
    passes(doubler)


WRONG = {
    "a write past the input": (
        "const_cast<float*>(x)[args[2]] = 1;",
        "just past the end of device buffer #0",
    ),
    "a write past the output": ("y[args[2]] = 1;", "just past the end of device buffer #1"),
    "a write before the output": ("y[-1] = 1;", "before"),
    "a read of the output": (
        "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i] + 0 * y[i];",
        "do not match",
    ),
    "part of the output": (
        "for (int64_t i = 0; i < args[2] - 1; ++i) y[i] = 2 * x[i];",
        "1 of 8,388,685 elements were never written",
    ),
    "a process that a kernel forks": (
        """
        if (fork() == 0) {
            for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
            _exit(0);
        }
        wait(nullptr);
        """,
        "8,388,685 of 8,388,685 elements were never written",
    ),
    "a crash": ("y[0] = *reinterpret_cast<volatile float*>(8);", "SIGSEGV"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_kernels(doubler: GoldenDir, what: str) -> None:
    kernel, said = WRONG[what]
    write(doubler, count=PARTS_OF_PAGES)
    doubler.kernel_body(kernel if "for" in kernel else DOUBLES + kernel)
    source = doubler.path / "kernels" / "double.cpp"
    source.write_text("#include <sys/wait.h>\n#include <unistd.h>\n" + source.read_text())
    assert said in failure(doubler)
    doubler.kernel_body(DOUBLES)
    passes(doubler)


def test_further_orders(doubler: GoldenDir) -> None:
    """Tasks that nothing orders: the last one to write differs from order to order."""
    builds = """
        uint64_t zeros[] = {task[1], task[1], args[4]};
        runtime->add_task(task, 3, 0, CoreType::AIV);
        runtime->add_task(zeros, 3, 0, CoreType::AIV);
    """
    write(doubler, builds=textwrap.dedent(builds) + COPIES_BACK, count=WHOLE_PAGES)
    assert "order" in failure(doubler, Settings(threads=1, orders=3))
