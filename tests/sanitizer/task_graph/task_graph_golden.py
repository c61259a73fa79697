"""The golden.py of a directory of task graphs: graphs.json beside it has them by name.

A case is a graph. Its memory is known beforehand where no tasks race, and not compared elsewhere.
"""

from __future__ import annotations

import json
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

GRAPHS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("graphs.json").read_text())
PARAMS_LIST = [{"name": name} for name in GRAPHS]
TENSOR_ORDER = ["begins", "core_types", "steps", "edges", "initial", "out_memory"]


def generate_inputs(params: dict[str, Any]) -> dict[str, npt.NDArray[Any]]:
    graph = GRAPHS[params["name"]]
    begins = np.cumsum([0, *graph["buffers"]], dtype=np.int64)
    return {
        "begins": begins,
        "core_types": np.arange(graph["tasks"], dtype=np.int64) % 2,
        "steps": np.array(graph["steps"], dtype=np.int64).reshape(-1, 5),
        "edges": np.array(graph["edges"], dtype=np.int64).reshape(-1, 2),
        "initial": np.zeros(begins[-1], dtype=np.uint8),
        "out_memory": np.zeros(begins[-1], dtype=np.uint8),
    }


def compute_golden(tensors: dict[str, npt.NDArray[Any]], params: dict[str, Any]) -> None:
    memory = tensors["out_memory"]
    memory[:] = tensors["initial"]
    predecessors: dict[int, list[int]] = {task: [] for task in range(len(tensors["core_types"]))}
    for before, after in tensors["edges"].tolist():
        predecessors[after].append(before)
    for task in TopologicalSorter(predecessors).static_order():
        for _, _, write, read, size in tensors["steps"][tensors["steps"][:, 0] == task]:
            if write == read:  # an atomic addition of one to each byte
                memory[write : write + size] += 1
            elif write >= 0 and read >= 0:
                memory[write : write + size] = memory[read : read + size].copy()
            elif write >= 0:
                memory[write : write + size] = 16 * (task % 15 + 1)


def compare_outputs(actual: Any, expected: Any, params: dict[str, Any]) -> dict[str, slice]:
    return {"out_memory": slice(0 if GRAPHS[params["name"]]["races"] else None)}
