"""Golden directories that benchmarks write."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = """
import numpy as np

def generate_inputs(params):
    return {"x": np.arange(8, dtype=np.float32), "out_y": np.zeros(8, dtype=np.float32)}

def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"]
"""
ORCHESTRATION = """
#include "runtime.h"
extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    void* x = runtime->host_api.device_malloc(args[2]);
    void* y = runtime->host_api.device_malloc(args[3]);
    runtime->host_api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[2]);
    uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), args[4]};
    runtime->add_task(task, 3, 0, CoreType::AIV);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
    return 0;
}
"""
KERNEL = """
#include <cstdint>
{include}
extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}}
"""
PTO_KERNEL = """
#include <cstdint>
#include <pto/pto-inst.hpp>
using namespace pto;
#ifndef __gm__
#define __gm__
#endif
#ifndef __aicore__
#define __aicore__
#endif
extern "C" __aicore__ void kernel_entry(__gm__ int64_t* args) {{
    constexpr int kRows = {rows};
    constexpr int kColumns = 64;
    using Global =
        GlobalTensor<float, Shape<1, 1, 1, kRows, kColumns>, Stride<1, 1, 1, kColumns, 1>>;
    using Local = Tile<TileType::Vec, float, kRows, kColumns, BLayout::RowMajor, -1, -1>;
    Local a(kRows, kColumns), b(kRows, kColumns), c(kRows, kColumns);
    TASSIGN(a, 0x0);
    TASSIGN(b, 0x10000);
    TASSIGN(c, 0x20000);
    Global from_a(reinterpret_cast<__gm__ float*>(args[0]));
    Global from_b(reinterpret_cast<__gm__ float*>(args[1]));
    Global to(reinterpret_cast<__gm__ float*>(args[2]));
    TLOAD(a, from_a);
    TLOAD(b, from_b);
    {operation}(c, a, b);
    TSTORE(to, c);
}}
"""
HEAVY_INCLUDES = (
    *("algorithm", "chrono", "cmath", "complex", "deque", "functional", "iomanip", "iostream"),
    *("map", "memory", "numeric", "random", "regex", "set", "sstream", "string", "thread"),
    *("tuple", "unordered_map", "valarray", "variant", "vector"),
)
HEAVY_HEADER = "#pragma once\n" + "".join(f"#include <{header}>\n" for header in HEAVY_INCLUDES)


def golden_directory(path: Path, kernels: dict[str, str]) -> Path:
    """Writes a golden directory; its task runs the first kernel."""
    (path / "kernels").mkdir(parents=True)
    (path / "golden.py").write_text(GOLDEN)
    rows = ",".join(
        f'{{"func_id": {i}, "source": "{name}", "core_type": "aiv", "include_dirs": ["."]}}'
        for i, name in enumerate(kernels)
    )
    (path / "kernels" / "kernel_config.py").write_text(
        f"KERNELS = [{rows}]\n"
        'ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}\n'
        'RUNTIME_CONFIG = {"block_dim": 2}\n'
    )
    (path / "kernels" / "orchestration.cpp").write_text(ORCHESTRATION)
    for name, text in kernels.items():
        (path / "kernels" / name).write_text(text)
    return path


def heavy_kernels(count: int) -> dict[str, str]:
    """Kernels that start with the same heavy include, and the header if it is a generated one."""
    if os.environ.get("PTO_ISA_ROOT"):
        operations = ("TADD", "TMUL", "TSUB", "TMAX", "TMIN", "TDIV")
        return {
            f"kernel{i}.cpp": PTO_KERNEL.format(
                operation=operations[i % len(operations)], rows=16 + 16 * (i // len(operations))
            )
            for i in range(count)
        }
    return {f"kernel{i}.cpp": KERNEL.format(include="#include <heavy.h>") for i in range(count)}


def scaling(path: Path, nbytes: int, cases: int) -> Path:
    """A directory of equal cases, with two float32 tensors of ``nbytes`` together."""
    golden_directory(path, {"double.cpp": KERNEL.format(include="")})
    golden = GOLDEN.replace("(8,", f"({nbytes // 8},")
    params = f"PARAMS_LIST = [{{'i': i}} for i in range({cases})]\n"
    (path / "golden.py").write_text(f"{golden}\n{params}")
    return path


# What each task does with two buffers, by their names: y is copied back, s and t are of the device
# alone. Edges are (from, to); a pair of tasks that needs one has none.
MISSING_EDGES = {
    "accumulates": ([("x", "y", "write"), ("x", "y", "add")], [], 3),
    "reads-early": ([("x", "t", "write"), ("t", "y", "write")], [], 4),
    "shares-a-buffer": (
        [("x", "t", "write"), ("t", "y", "write"), ("s", "t", "write"), ("t", "s", "add")],
        [(0, 1), (2, 3)],
        4,
    ),
    "overwrites": ([("s", "y", "write"), ("x", "y", "write")], [], 2),
}
STEP = """
#include <cstdint>
extern "C" void kernel_entry(int64_t* args) {
    const float* from = reinterpret_cast<const float*>(args[0]);
    float* to = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) to[i] = args[3] ? to[i] + from[i] : 2 * from[i];
}
"""
STEPS = """
#include "runtime.h"
extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {{
    HostApi& api = runtime->host_api;
    void* x = api.device_malloc(args[2]);
    void* y = api.device_malloc(args[3]);
    void* s = api.device_malloc(args[2]);
    void* t = api.device_malloc(args[2]);
    api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[2]);
    api.copy_to_device(s, reinterpret_cast<void*>(args[1]), args[3]);
    (void)t;
    const auto add = [&](void* from, void* to, bool adds) {{
        uint64_t task[] = {{reinterpret_cast<uint64_t>(from), reinterpret_cast<uint64_t>(to),
                           args[4], adds}};
        return runtime->add_task(task, 4, 0, CoreType::AIV);
    }};
    const int tasks[] = {{{tasks}}};
    (void)tasks;
    {edges}
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
    return 0;
}}
"""


def missing_edges(path: Path) -> list[Path]:
    """Directories whose outputs depend on the order of tasks that the graph does not order."""
    made = []
    for name, (tasks, edges, factor) in MISSING_EDGES.items():
        directory = golden_directory(path / name, {"step.cpp": STEP})
        added = (f"add({a}, {b}, {str(how == 'add').lower()})" for a, b, how in tasks)
        linked = (f"runtime->add_successor(tasks[{a}], tasks[{b}]);" for a, b in edges)
        text = STEPS.format(tasks=", ".join(added), edges="\n    ".join(linked))
        (directory / "kernels" / "orchestration.cpp").write_text(text)
        (directory / "golden.py").write_text(GOLDEN.replace("2 * tensors", f"{factor} * tensors"))
        made.append(directory)
    return made
