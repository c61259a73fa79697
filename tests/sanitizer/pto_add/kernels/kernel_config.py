"""One task."""

KERNELS = [{"func_id": 0, "name": "ADD", "source": "aiv/add.cpp", "core_type": "aiv"}]
ORCHESTRATION = {"source": "orchestration/add_orch.cpp", "function_name": "build_add_graph"}
