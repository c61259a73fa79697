"""One kernel that moves memory, one that computes."""

KERNELS = [
    {"func_id": 0, "source": "stream.cpp", "core_type": "aiv"},
    {"func_id": 1, "source": "matmul.cpp", "core_type": "aic"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_independent_tasks"}
