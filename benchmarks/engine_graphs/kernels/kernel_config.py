"""One kernel for each core type."""

from pathlib import Path

INCLUDE = [str(Path(__file__).parent.parent)]
KERNELS = [
    {
        "func_id": 0,
        "source": "spin.cpp",
        "core_type": "aic",
        "name": "CUBE",
        "include_dirs": INCLUDE,
    },
    {
        "func_id": 1,
        "source": "spin.cpp",
        "core_type": "aiv",
        "name": "VECTOR",
        "include_dirs": INCLUDE,
    },
]
ORCHESTRATION = {
    "source": "orchestration.cpp",
    "function_name": "build_benchmark_graph",
    "include_dirs": INCLUDE,
}
RUNTIME_CONFIG = {"block_dim": 24}
