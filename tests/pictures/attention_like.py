"""A golden directory whose graph is like that of attention: blocks of four kernels, chained.

Task ``4 * b + k`` runs kernel k (QK, SF, PV, UP) of block b. Its cases pass, differ, crash, have a
race, and have graphs of any size.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

GOLDEN = """
import ctypes

import numpy as np

PARAMS_LIST = {cases!r}
MODES = ("good", "wrong", "crash", "race")


def generate_inputs(params):
    x = np.arange(32, dtype=np.float32).reshape(4, 8)
    return [
        ("x", x),
        ("out_y", np.zeros((4, 8), dtype=np.float32)),
        ("blocks", ctypes.c_int64(params["blocks"])),
        ("mode", ctypes.c_int64(MODES.index(params.get("mode", "good")))),
    ]


def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"]
"""

KERNEL_CONFIG = """
KERNELS = [
    {"func_id": i, "source": "kernel.cpp", "core_type": core, "name": name, "defines": {"STEP": i}}
    for i, (name, core) in enumerate([("QK", "aic"), ("SF", "aiv"), ("PV", "aic"), ("UP", "aiv")])
]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 3}
"""

KERNEL = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* from = reinterpret_cast<const float*>(args[0]);
    float* to = reinterpret_cast<float*>(args[1]);
    const int64_t mode = args[2];
    const float value = *from;
    if (STEP == 1 && mode == 2) *reinterpret_cast<volatile int*>(8) = 1;
    *to = STEP != 1 ? value : mode == 1 && value > 20 ? 3 * value : 2 * value;
}
"""

ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    constexpr int kElements = 32;
    HostApi& api = runtime->host_api;
    const int blocks = static_cast<int>(args[2]);
    const uint64_t mode = args[3];
    float* x = static_cast<float*>(api.device_malloc(kElements * sizeof(float)));
    float* y = static_cast<float*>(api.device_malloc(kElements * sizeof(float)));
    void* unused = api.device_malloc(4096);
    api.device_free(unused);
    float* steps[3];
    for (float*& step : steps) {
        step = static_cast<float*>(api.device_malloc(blocks * sizeof(float)));
    }
    api.copy_to_device(x, reinterpret_cast<void*>(args[0]), kElements * sizeof(float));
    for (int b = 0; b < blocks; ++b) {
        float* const at[] = {x + b % kElements, steps[0] + b, steps[1] + b, steps[2] + b,
                             y + b % kElements};
        for (int k = 0; k < 4; ++k) {
            uint64_t task[] = {reinterpret_cast<uint64_t>(at[k]),
                               reinterpret_cast<uint64_t>(at[k + 1]), mode};
            const int id = runtime->add_task(task, 3, k, k % 2 ? CoreType::AIV : CoreType::AIC);
            const bool forgotten = mode == 3 && b == 1 && k == 2;
            if (k > 0 && !forgotten) runtime->add_successor(id - 1, id);
            if (k == 3 && b > 0) runtime->add_successor(id - 4, id);
        }
    }
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, kElements * sizeof(float));
    return 0;
}
"""


@dataclass(frozen=True)
class AttentionLike:
    """The directory."""

    path: Path

    @classmethod
    def create(cls, path: Path, *cases: dict[str, Any]) -> AttentionLike:
        for name, text in {
            "golden.py": GOLDEN.replace("{cases!r}", repr(list(cases))),
            "kernels/kernel_config.py": KERNEL_CONFIG,
            "kernels/kernel.cpp": KERNEL,
            "kernels/orchestration.cpp": ORCHESTRATION,
        }.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.lstrip("\n"))
        return cls(path)


@dataclass(frozen=True)
class Kept:
    """The artifacts of a case that failed."""

    path: Path

    @property
    def timeline(self) -> npt.NDArray[np.void]:
        found: npt.NDArray[np.void] = np.load(self.path / "timeline.npy")
        return found

    def edges(self) -> set[tuple[int, int]]:
        graph = np.load(self.path / "graph.npz")
        first, successors = graph["first_successor"].tolist(), graph["successors"].tolist()
        return {
            (task, to)
            for task in range(len(first) - 1)
            for to in successors[first[task] : first[task + 1]]
        }

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.path / "record.json").read_text())
        return found
