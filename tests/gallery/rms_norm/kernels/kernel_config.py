"""Kernels and orchestration of RMSNorm."""

KERNELS = [
    {"func_id": 0, "name": "SCALE", "source": "scale.cpp", "core_type": "aiv"},
    {"func_id": 1, "name": "NORM", "source": "norm.cpp", "core_type": "aiv"},
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_rms_norm_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
