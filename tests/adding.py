"""Kernels that add and copy, in graphs whose outputs may depend on the order of tasks."""

from __future__ import annotations

CONFIG = """
KERNELS = [
    {"func_id": 0, "source": "double.cpp", "core_type": "aiv"},
    {"func_id": 1, "source": "add.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 4}
"""
ADD = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] += x[i];
}
"""
COPY = ADD.replace("+=", "=")
