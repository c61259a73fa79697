"""Cases have the pages of large arrays instead of copies: nobody can tell but by the time."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import A2A3SimError, Settings, Simulator
from pytest_a2a3sim.engine.array_memory import arrays_to_share
from pytest_a2a3sim.loading.golden import load_golden

if TYPE_CHECKING:
    from pytest_a2a3sim import CaseResult
    from pytest_a2a3sim.model.result import Attempt
    from tests.golden_dirs import GoldenDir

WHOLE_PAGES = 8 << 20  # float32
PARTS_OF_PAGES = WHOLE_PAGES + 77

GOLDEN = """
import os

import numpy as np

COUNT = {count}
PARAMS_LIST = [{{"case": number}} for number in range({cases})]


def make_x():
    return np.random.default_rng(1).random(COUNT, dtype=np.float32)


def generate_inputs(params):
    return {{"x": make_x(), "out_y": np.zeros(COUNT, dtype=np.float32)}}


def compute_golden(tensors, params):
    np.multiply(tensors["x"], 2, out=tensors["out_y"])

"""
DOUBLES = "for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];"
ADDS_A_TASK = "runtime->add_task(task, 3, 0, CoreType::AIV);\n"
COPIES_BACK = "runtime->record_tensor_pair(host_y, y, args[3]);\nreturn 0;\n"
BUILDS = ADDS_A_TASK + COPIES_BACK
# What a kernel finds in the table of mappings for an address.
NAME_OF_MAPPING = """
#include <cstdint>
#include <cstdio>
#include <cstring>

/// Whether the address is in a file in memory; 2: one that processes share.
static int in_file(const void* address) {
    FILE* const maps = std::fopen("/proc/self/maps", "r");
    char line[4352];
    int found = 0;
    while (std::fgets(line, sizeof line, maps) != nullptr) {
        unsigned long begin, end;
        char access[5];
        std::sscanf(line, "%lx-%lx %4s", &begin, &end, access);
        const unsigned long at = reinterpret_cast<unsigned long>(address);
        const bool is_shared = access[3] == 's';
        if (begin <= at && at < end) found = is_shared ? 2 : std::strstr(line, "memfd") != nullptr;
    }
    std::fclose(maps);
    return found;
}

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
    y[0] = static_cast<float>(10 * in_file(x) + in_file(y));
}
"""


def write(
    directory: GoldenDir, golden: str = "", builds: str = BUILDS, *, count: int, cases: int = 1
) -> None:
    directory.golden(GOLDEN.format(count=count, cases=cases) + textwrap.dedent(golden))
    directory.orchestration_body(builds)
    directory.kernel_body(DOUBLES)


def attempts(directory: GoldenDir, settings: Settings | None = None) -> list[Attempt]:
    golden = load_golden(directory.golden_py)
    simulator = Simulator(settings or Settings(threads=1))
    try:
        return [simulator.attempt(golden, case) for case in golden.cases]
    finally:
        simulator.close()


def failure(directory: GoldenDir, settings: Settings | None = None) -> str:
    """What is said of its only case."""
    (attempt,) = attempts(directory, settings)
    with pytest.raises(A2A3SimError) as raised:
        attempt.get().check()
    return str(raised.value)


def passes(directory: GoldenDir, settings: Settings | None = None) -> None:
    for attempt in attempts(directory, settings):
        result = attempt.get()
        assert result.passed, result


def are_arrays_in_files() -> bool:
    """Whether the system puts files in memory into huge pages when it is asked to."""
    with arrays_to_share(threads=1):
        array = np.empty(WHOLE_PAGES, dtype=np.float32)
    return array.nbytes > 0 and "memfd:numpy" in Path("/proc/self/maps").read_text()


@pytest.mark.skipif(not are_arrays_in_files(), reason="files in memory have small pages here")
@pytest.mark.parametrize("count", [2 * WHOLE_PAGES, PARTS_OF_PAGES])
def test_nothing_is_copied(doubler: GoldenDir, count: int) -> None:
    write(doubler, "RTOL = 1e30", count=count)
    doubler.kernel(NAME_OF_MAPPING)
    (attempt,) = attempts(doubler)
    assert attempt.result is not None
    assert attempt.result.actual["out_y"][0] == 12


GOLDENS = {
    "they are as they are": "",
    "compute_golden writes to an input": """
        def compute_golden(tensors, params):
            x = tensors["x"].copy()
            tensors["x"][:] = 7
            np.multiply(x, 2, out=tensors["out_y"])
        """,
    "an input is read-only": """
        def generate_inputs(params):
            x = make_x()
            x.flags.writeable = False
            return {"x": x, "out_y": np.zeros(COUNT, dtype=np.float32)}
        """,
    "an output is not zero": """
        def generate_inputs(params):
            return {"x": make_x(), "out_y": np.ones(COUNT, dtype=np.float32)}
        """,
    "an output has one number": """
        def generate_inputs(params):
            y = np.zeros(COUNT, dtype=np.float32)
            y[COUNT // 2] = 1
            return {"x": make_x(), "out_y": y}
        """,
    "an output is a zeroed file": """
        def generate_inputs(params):
            with open("file", "wb") as file:
                file.truncate(4 * COUNT)
            y = np.memmap("file", dtype=np.float32, mode="r+")
            y[COUNT // 3] = 1
            return {"x": make_x(), "out_y": y}
        """,
    "arrays are parts of others": """
        def generate_inputs(params):
            x = np.random.default_rng(1).random(COUNT + 16, dtype=np.float32)
            return {"x": x[16:], "out_y": np.zeros(COUNT + 16, dtype=np.float32)[16:]}
        """,
    "arrays have dimensions": """
        def generate_inputs(params):
            x = make_x().reshape(1, COUNT)
            return {"x": x, "out_y": np.zeros(COUNT, dtype=np.float32).reshape(1, COUNT, 1)}

        def compute_golden(tensors, params):
            tensors["out_y"][0, :, 0] = 2 * tensors["x"][0]
        """,
    "an input is in another order": """
        def generate_inputs(params):
            x = np.asfortranarray(make_x()[: COUNT // 2 * 2].reshape(2, -1))
            return {"x": x, "out_y": np.zeros(x.shape, dtype=np.float32)}
        """,
    "arrays are resized": """
        def generate_inputs(params):
            x = make_x()
            x.resize(2 * COUNT, refcheck=False)
            assert not x[COUNT:].any()
            x[COUNT:] = 3
            y = np.zeros(COUNT, dtype=np.float32)
            y.resize(2 * COUNT, refcheck=False)
            return {"x": x, "out_y": y}
        """,
    "arrays shrink": """
        def generate_inputs(params):
            x, y = make_x(), np.zeros(COUNT, dtype=np.float32)
            x.resize(COUNT // 2, refcheck=False)
            y.resize(COUNT // 2, refcheck=False)
            return {"x": x, "out_y": y}
        """,
    "arrays take turns": """
        def generate_inputs(params):
            for number in range(9):
                x = np.full(COUNT, number, dtype=np.float32)
            return {"x": x + make_x(), "out_y": np.zeros(COUNT, dtype=np.float32)}
        """,
    "a process is forked": """
        def generate_inputs(params):
            x = make_x()
            if os.fork() == 0:
                x[:] = 0
                os._exit(0)
            os.wait()
            assert x.all()
            x[5] = 5
            return {"x": x, "out_y": np.zeros(COUNT, dtype=np.float32)}
        """,
    "a process is forked when an array was freed": """
        def generate_inputs(params):
            freed = make_x()
            del freed
            if os.fork() == 0:
                other = np.full(COUNT, 7, dtype=np.float32)
                os._exit(0 if (other == 7).all() else 1)
            x = np.full(COUNT, 3, dtype=np.float32)
            assert os.wait()[1] == 0 and (x == 3).all()
            return {"x": x, "out_y": np.zeros(COUNT, dtype=np.float32)}
        """,
    "an array is as fresh as the system's memory": """
        def generate_inputs(params):
            freed = make_x()
            del freed
            return {"x": make_x(), "out_y": np.empty(COUNT, dtype=np.float32)}

        def compute_golden(tensors, params):
            tensors["out_y"] += 2 * tensors["x"]
        """,
    "compute_golden resizes an output": """
        def compute_golden(tensors, params):
            tensors["out_y"].resize(2 * COUNT, refcheck=False)
            tensors["out_y"].resize(COUNT, refcheck=False)
            np.multiply(tensors["x"], 2, out=tensors["out_y"])
        """,
    "an array has other bytes in each case": """
        X = make_x()

        def generate_inputs(params):
            X[params["case"]] += 1
            return {"x": X, "out_y": np.zeros(COUNT, dtype=np.float32)}
        """,
    "an array of the first case has other bytes later": """
        made = []

        def generate_inputs(params):
            if not made:
                made.append(make_x())
            made[0][params["case"]] += 1
            return {"x": made[0], "out_y": np.zeros(COUNT, dtype=np.float32)}

        def compute_golden(tensors, params):
            tensors["out_y"][:] = 2 * tensors["x"]
            made[0][COUNT - 1] += 1
        """,
    "both outputs of a case are the same array": """
        Y = np.zeros(COUNT, dtype=np.float32)

        def generate_inputs(params):
            Y[params["case"]] = 1
            return {"x": make_x(), "out_y": Y}
        """,
}


@pytest.mark.parametrize("count", [WHOLE_PAGES, PARTS_OF_PAGES])
@pytest.mark.parametrize("golden", GOLDENS)
def test_arrays(
    doubler: GoldenDir, monkeypatch: pytest.MonkeyPatch, golden: str, count: int
) -> None:
    monkeypatch.chdir(doubler.path)
    write(doubler, GOLDENS[golden], count=count, cases=2)
    passes(doubler)


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


def test_results_outlive_cases(doubler: GoldenDir) -> None:
    """Each result has its own outputs, however many cases come later."""
    golden = """
    def generate_inputs(params):
        x = np.full(COUNT, params["case"], dtype=np.float32)
        return {"x": x, "out_y": np.zeros(COUNT, dtype=np.float32)}
    """
    write(doubler, golden, count=WHOLE_PAGES, cases=4)
    results: list[CaseResult] = [attempt.get() for attempt in attempts(doubler)]
    for number, result in enumerate(results):
        assert (result.actual["out_y"] == 2 * number).all()
        assert np.array_equal(result.actual["out_y"], result.expected["out_y"])


def test_an_array_passed_as_a_number_is_a_host_pointer(doubler: GoldenDir) -> None:
    golden = """
    import ctypes

    kept = []

    def generate_inputs(params):
        kept.append(make_x())
        y = np.zeros(COUNT, dtype=np.float32)
        return [
            ("x", make_x()), ("out_y", y), ("size_x", ctypes.c_int64(y.nbytes)),
            ("size_y", ctypes.c_int64(y.nbytes)), ("count", ctypes.c_int64(COUNT)),
            ("pointer", ctypes.c_int64(kept[-1].ctypes.data)),
        ]
    """
    write(doubler, golden, "task[0] = args[5];\n" + BUILDS, count=WHOLE_PAGES)
    assert "memory of the host" in failure(doubler)
