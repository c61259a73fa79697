"""Kernels and orchestration of the prefix sum."""

KERNELS = [
    {"func_id": 0, "name": "SCAN", "source": "scan.cpp", "core_type": "aiv"},
    {"func_id": 1, "name": "CARRY", "source": "carry.cpp", "core_type": "aiv"},
    {"func_id": 2, "name": "ADD", "source": "add.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_prefix_sum_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
