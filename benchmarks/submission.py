"""What a task costs to submit to tensormap_and_ringbuffer, here and in the PTO runtime's simulator.

    python benchmarks/submission.py [--simpler CHECKOUT --python PYTHON] [--repeat N]

One golden directory, run by both in turns: its orchestration submits 65,536 tasks that add a tile
of one tensor to a tile of another, in scopes of one task for each tile, and reads its thread's CPU
time before and after. ``CHECKOUT`` is one of the PTO runtime at 78f0869e9 (March 2026), ``PYTHON``
an interpreter with what its ``run_example.py`` needs; without them the engine's time stands alone.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TASKS = 65536
GOLDEN = """
import ctypes
import numpy as np

__outputs__ = ["y"]

def generate_inputs(params):
    x = np.ones(({tiles}, 64), np.float32)
    y = np.zeros(({tiles}, 64), np.float32)
    return [
        ("x", x), ("y", y),
        ("size_x", ctypes.c_int64(x.nbytes)), ("size_y", ctypes.c_int64(y.nbytes)),
    ]

def compute_golden(tensors, params):
    tensors["y"][:] = {rounds}
"""
CONFIG = """
from pathlib import Path

HERE = Path(__file__).parent
KERNELS = [{"func_id": 0, "name": "ADD", "source": str(HERE / "add.cpp"), "core_type": "aiv"}]
ORCHESTRATION = {
    "source": str(HERE / "orchestration.cpp"), "function_name": "aicpu_orchestration_entry",
}
RUNTIME_CONFIG = {"runtime": "tensormap_and_ringbuffer", "aicpu_thread_num": 4, "block_dim": 3}
RUNTIME_ENV = {
    "PTO2_RING_TASK_WINDOW": "131072",
    "PTO2_RING_HEAP": "268435456",
    "PTO2_RING_DEP_POOL": "131072",
}
"""
KERNEL = """
#include <cstdint>
#include "tensor.h"
extern "C" void kernel_entry(int64_t* args) {
    const Tensor* x = reinterpret_cast<const Tensor*>(args[0]);
    const Tensor* y = reinterpret_cast<const Tensor*>(args[1]);
    const float* from = reinterpret_cast<const float*>(x->buffer.addr) + x->start_offset;
    float* to = reinterpret_cast<float*>(y->buffer.addr) + y->start_offset;
    for (int i = 0; i < 64; ++i) to[i] += from[i];
}
"""
ORCHESTRATION = """
#include <cstdio>
#include <ctime>
#include "pto_orchestration_api.h"

static double cpu_ns() {{
    timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return 1e9 * static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec);
}}

extern "C" {{
__attribute__((visibility("default")))
PTO2OrchestrationConfig aicpu_orchestration_config(uint64_t*, int) {{
    return PTO2OrchestrationConfig{{.expected_arg_count = 4}};
}}

__attribute__((visibility("default")))
void aicpu_orchestration_entry(uint64_t* args, int, int, int) {{
    uint32_t whole[2] = {{{tiles}, 64}};
    Tensor x = make_tensor_external(reinterpret_cast<void*>(args[0]), whole, 2, DataType::FLOAT32);
    Tensor y = make_tensor_external(reinterpret_cast<void*>(args[1]), whole, 2, DataType::FLOAT32);
    uint32_t tile[2] = {{1, 64}};
    const double start = cpu_ns();
    for (uint32_t round = 0; round < {rounds}; ++round) {{
        PTO2_SCOPE() {{
            for (uint32_t i = 0; i < {tiles}; ++i) {{
                uint32_t at[2] = {{i, 0}};
                Tensor from = x.view(tile, at);
                Tensor to = y.view(tile, at);
                PTOParam params;
                params.add_input(from);
                params.add_inout(to);
                pto2_rt_submit_aiv_task(0, params);
            }}
        }}
    }}
    const double ns = (cpu_ns() - start) / ({rounds} * {tiles});
    std::fprintf(stderr, "submission: %.1f ns a task\\n", ns);
}}
}}
"""


def write_directory(path: Path, tiles: int) -> None:
    """The golden directory."""
    kernels = path / "kernels"
    kernels.mkdir(parents=True)
    sizes = {"tiles": tiles, "rounds": TASKS // tiles}
    (path / "golden.py").write_text(GOLDEN.format(**sizes))
    (kernels / "kernel_config.py").write_text(CONFIG)
    (kernels / "add.cpp").write_text(KERNEL)
    (kernels / "orchestration.cpp").write_text(ORCHESTRATION.format(**sizes))


def nanoseconds(command: list[str], cwd: Path) -> float:
    """What the orchestration printed."""
    done = subprocess.run(
        command, cwd=cwd, env=os.environ, capture_output=True, text=True, check=False
    )
    text = done.stdout + done.stderr
    printed = re.findall(r"submission: ([\d.]+) ns a task", text)
    if done.returncode != 0 or not printed:
        sys.exit(f"{' '.join(command)} failed:\n{text[-4000:]}")
    return float(printed[-1])


def main() -> None:
    """Runs each in turns and prints medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--simpler", type=Path, help="a checkout of the PTO runtime")
    parser.add_argument("--python", default=sys.executable, help="what runs its run_example.py")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--tiles", type=int, nargs="+", default=[16, 1024, 16384])
    options = parser.parse_args()
    for tiles in options.tiles:
        with tempfile.TemporaryDirectory() as scratch:
            directory = Path(scratch) / "submission"
            write_directory(directory, tiles)
            kernels, golden = str(directory / "kernels"), str(directory / "golden.py")
            ours = [sys.executable, "-m", "pytest_a2a3sim", "run", "-k", kernels, "-g", golden]
            commands = {"engine": ([*ours, "-p", "a2a3sim"], Path.cwd())}
            if options.simpler:
                example = "examples/scripts/run_example.py"
                theirs = [options.python, example, "-k", kernels, "-g", golden, "-p", "a2a3sim"]
                commands["PTO runtime"] = (theirs, options.simpler)
            times: dict[str, list[float]] = {name: [] for name in commands}
            for _ in range(options.repeat):
                for name, command in commands.items():
                    times[name].append(nanoseconds(*command))
        columns = ", ".join(
            f"{name} {statistics.median(found):.0f} ns ({min(found):.0f} to {max(found):.0f})"
            for name, found in times.items()
        )
        print(f"{TASKS // tiles} x {tiles} tiles: {columns}")


if __name__ == "__main__":
    main()
