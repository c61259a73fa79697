"""Kernels and orchestration of the vector example. Sources are relative to this directory."""

KERNELS = [
    {"func_id": 0, "name": "ADD", "source": "aiv/kernel_add.cpp", "core_type": "aiv"},
    {"func_id": 1, "name": "ADDS", "source": "aiv/kernel_add_scalar.cpp", "core_type": "aiv"},
    {"func_id": 2, "name": "MUL", "source": "aiv/kernel_mul.cpp", "core_type": "aiv"},
]

ORCHESTRATION = {
    "source": "orchestration/vector_example_orch.cpp",
    "function_name": "build_vector_example_graph",
}

# 3 cube cores (AIC), which stay idle, and 6 vector cores (AIV).
RUNTIME_CONFIG = {"runtime": "host_build_graph", "aicpu_thread_num": 3, "block_dim": 3}
