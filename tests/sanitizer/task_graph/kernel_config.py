"""One interpreter for both types of cores."""

KERNELS = [
    {"func_id": 0, "name": "CUBE", "source": "interpreter.cpp", "core_type": "aic"},
    {"func_id": 1, "name": "VECTOR", "source": "interpreter.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
