"""Cases have the pages of large arrays instead of copies: nobody can tell but by the time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim.engine.array_memory import arrays_to_share
from tests.integration.large_dirs import (
    BUILDS,
    PARTS_OF_PAGES,
    WHOLE_PAGES,
    attempts,
    failure,
    passes,
    write,
)

if TYPE_CHECKING:
    from pytest_a2a3sim import CaseResult
    from tests.golden_dirs import GoldenDir

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
            made[0][-1 - params["case"]] += 1
            return {"x": made[0], "out_y": np.zeros(COUNT, dtype=np.float32)}
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
