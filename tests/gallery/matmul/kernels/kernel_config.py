"""Kernels and orchestration of the matmul."""

KERNELS = [
    {"func_id": 0, "name": "PART", "source": "part.cpp", "core_type": "aic"},
    {"func_id": 1, "name": "SUM", "source": "sum.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_matmul_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
