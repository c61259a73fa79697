"""Kernels of a case share nothing, and leave pytest's own process as it was."""

from __future__ import annotations

import math
import os
import platform
import signal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pytest_a2a3sim import Settings, run_case
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

_GOLDEN = """
import numpy as np

RTOL = ATOL = 0


def generate_inputs(params):
    x = np.array({x}, dtype=np.float32)
    return {{"x": x, "out_y": np.zeros_like(x), "out_z": np.zeros_like(x)}}


def compute_golden(tensors, params):
    x = tensors["x"]
    tensors["out_y"][:] = {y}
    tensors["out_z"][:] = {z}
"""

_CONFIG = """
KERNELS = [
    {{"func_id": 0, "source": "a.cpp", "core_type": "aiv", "cxxflags": {flags}}},
    {{"func_id": 1, "source": "b.cpp", "core_type": "aiv"}},
]
ORCHESTRATION = {{"source": "orchestration.cpp", "function_name": "build_graph"}}
RUNTIME_CONFIG = {{"block_dim": 2}}
"""

_ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    HostApi& api = runtime->host_api;
    void* buffers[3];
    for (int i = 0; i < 3; ++i) buffers[i] = api.device_malloc(args[3 + i]);
    api.copy_to_device(buffers[0], reinterpret_cast<void*>(args[0]), args[3]);
    int previous = -1;
    for (int i = 0; i < 2; ++i) {
        uint64_t task[] = {reinterpret_cast<uint64_t>(buffers[0]),
                           reinterpret_cast<uint64_t>(buffers[1 + i]), args[6]};
        const int id = runtime->add_task(task, 3, i, CoreType::AIV);
        if (previous >= 0) runtime->add_successor(previous, id);
        previous = id;
        runtime->record_tensor_pair(reinterpret_cast<void*>(args[1 + i]), buffers[1 + i],
                                    args[4 + i]);
    }
    return 0;
}
"""

_KERNEL = """
#include <cfenv>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <unistd.h>
{before}

extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    {first}
    for (int64_t i = 0; i < args[2]; ++i) y[i] = {value};
}}
"""


def two_kernels(  # noqa: PLR0913 - the two, and what comes of them
    path: Path,
    a: tuple[str, str, str],
    b: tuple[str, str, str],
    *,
    x: str = "[0, 1, 2, 3, 4, 5, 6, 7]",
    y: str,
    z: str,
    flags: str = "[]",
) -> GoldenDir:
    """``y = a(x)`` and then ``z = b(x)``; each kernel is declarations, a statement, a value."""
    directory = GoldenDir(path / "two")
    directory.golden(_GOLDEN.format(x=x, y=y, z=z))
    directory.kernel_config(_CONFIG.format(flags=flags))
    directory.orchestration(_ORCHESTRATION)
    for name, (before, first, value) in (("a.cpp", a), ("b.cpp", b)):
        directory.kernel(_KERNEL.format(before=before, first=first, value=value), name)
    return directory


def append_to_a(directory: GoldenDir, statement: str) -> None:
    """The last thing that the first of the two kernels does."""
    source = directory.path / "kernels" / "a.cpp"
    text = source.read_text()
    end = text.rindex("}")
    source.write_text(f"{text[:end]}    {statement}\n{text[end:]}")


@pytest.fixture(params=[True, False], ids=["isolated", "in-process"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(threads=1, isolate=request.param)


@pytest.mark.parametrize(
    ("declaration", "value"),
    [
        pytest.param("inline float factor = {};", "x[i] * factor", id="inline-variable"),
        pytest.param(
            "inline float& factor() {{ static float f = {}; return f; }}",
            "x[i] * factor()",
            id="function-static",
        ),
        pytest.param(
            "template <typename T> struct Factor {{ static T value; }};\n"
            "template <typename T> T Factor<T>::value = {};",
            "x[i] * Factor<float>::value",
            id="template-static",
        ),
        pytest.param(
            "template <typename T> T factor = {};", "x[i] * factor<float>", id="variable-template"
        ),
    ],
)
@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_variables_of_one_name(  # noqa: PLR0913, PLR0917 - fixtures and parameters
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    declaration: str,
    value: str,
    compiler: str,
) -> None:
    if not any((os.access(f"{folder}/{compiler}", os.X_OK)) for folder in os.get_exec_path()):
        pytest.skip(f"{compiler} is not installed")
    monkeypatch.setenv("CXX", compiler)
    directory = two_kernels(
        tmp_path,
        (declaration.format("2.0f"), "", value),
        (declaration.format("3.0f"), "", value),
        y="2 * x",
        z="3 * x",
    )
    run_case(directory.path, settings=settings).check()


@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast", "-funsafe-math-optimizations"])
def test_flags_of_one_kernel(tmp_path: Path, settings: Settings, flag: str) -> None:
    directory = two_kernels(
        tmp_path,
        ("", "", "x[i]"),
        ("", "", "x[i] * 0.5f"),
        x="[1e-40] * 8",
        y="x",
        z="x * np.float32(0.5)",
        flags=f'["{flag}"]',
    )
    run_case(directory.path, settings=settings).check()
    assert np.float32(1e-40) * np.float32(0.5) > 0


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("std::fesetround(FE_UPWARD);", id="rounding"),
        pytest.param("std::fesetround(FE_TOWARDZERO);", id="towards-zero"),
        pytest.param("feenableexcept(FE_INEXACT);", id="traps"),
    ],
)
def test_floating_point_environment_of_one_task(
    tmp_path: Path, settings: Settings, change: str
) -> None:
    directory = two_kernels(
        tmp_path,
        ("", "", "x[i]"),
        ("", "", "x[i] / 3.0f"),
        y="x",
        z="x / np.float32(3)",
    )
    append_to_a(directory, change)
    before = 1.0 / 3.0, math.sqrt(2)
    run_case(directory.path, settings=settings).check()
    assert (float("1") / float("3"), math.sqrt(float("2"))) == before


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the x87 is of x86")
def test_rounding_mode_of_long_double(tmp_path: Path, settings: Settings) -> None:
    """The x87's control word alone, which MXCSR does not show."""
    directory = two_kernels(
        tmp_path,
        ("", "const unsigned short upwards = 0x0B7F;", "x[i]"),
        ("", "", "static_cast<float>((x[i] + 1.0L) + 1e-25L > x[i] + 1.0L)"),
        y="x",
        z="0 * x",
    )
    append_to_a(directory, 'asm volatile("fldcw %0" : : "m"(upwards));')
    run_case(directory.path, settings=settings).check()


def test_process_state_of_one_task(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A2A3SIM_TEST_STATE", "as it was")
    change = """
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, nullptr);
        std::signal(SIGUSR1, SIG_IGN);
        if (chdir("/") != 0) std::abort();
        setenv("A2A3SIM_TEST_STATE", "changed", 1);
        unsetenv("PATH");
    """
    check = """
        sigset_t mask;
        pthread_sigmask(SIG_SETMASK, nullptr, &mask);
        char directory[4096];
        if (sigismember(&mask, SIGSEGV) || sigismember(&mask, SIGTERM)) std::abort();
        if (getcwd(directory, sizeof directory) == nullptr || directory[1] == 0) std::abort();
        if (getenv("A2A3SIM_TEST_STATE")[0] != 'a' || getenv("PATH") == nullptr) std::abort();
    """
    directory = two_kernels(tmp_path, ("", change, "x[i]"), ("", check, "x[i]"), y="x", z="x")
    before = os.getcwd(), signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(10)  # noqa: PTH109
    run_case(directory.path, settings=settings).check()
    after = os.getcwd(), signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.getsignal(10)  # noqa: PTH109
    assert after == before
