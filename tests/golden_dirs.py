"""Small golden directories that tests write, change and run."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = """
import numpy as np


def generate_inputs(params):
    return {
        "x": np.arange(8, dtype=np.float32),
        "out_y": np.zeros(8, dtype=np.float32),
    }


def compute_golden(tensors, params):
    tensors["out_y"][:] = 2 * tensors["x"]
"""

KERNEL_CONFIG = """
KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv"}]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
"""

KERNEL = """
#include <cstdint>

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];
}
"""

ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    void* x = runtime->host_api.device_malloc(args[2]);
    void* y = runtime->host_api.device_malloc(args[3]);
    runtime->host_api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[2]);
    uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), args[4]};
    runtime->add_task(task, 3, 0, CoreType::AIV);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
    return 0;
}
"""

# The body of an orchestration: x (8 float32), y (8 float32) and the arguments of a task that
# doubles x into y are at hand.
_ORCHESTRATION_FRAME = """
#include "runtime.h"
#include <stdexcept>

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int arg_count) {{
    (void)arg_count;
    HostApi& api = runtime->host_api;
    void* host_x = reinterpret_cast<void*>(args[0]);
    void* host_y = reinterpret_cast<void*>(args[1]);
    void* x = api.device_malloc(args[2]);
    void* y = api.device_malloc(args[3]);
    api.copy_to_device(x, host_x, args[2]);
    uint64_t task[] = {{reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), args[4]}};
    (void)host_y;
    (void)task;
{body}
}}
"""

_KERNEL_FRAME = """
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    (void)x;
    (void)y;
{body}
}}
"""


@dataclass(frozen=True)
class GoldenDir:
    """A golden directory whose one task doubles ``x`` (8 float32) into ``out_y``."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> GoldenDir:
        directory = cls(path)
        directory.golden(GOLDEN)
        directory.kernel_config(KERNEL_CONFIG)
        directory.kernel(KERNEL)
        directory.orchestration(ORCHESTRATION)
        return directory

    @property
    def golden_py(self) -> Path:
        return self.path / "golden.py"

    def golden(self, text: str) -> None:
        self._write("golden.py", text)

    def extend_golden(self, text: str) -> None:
        self.golden(f"{self.golden_py.read_text()}\n\n{textwrap.dedent(text)}")

    def kernel_config(self, text: str) -> None:
        self._write("kernels/kernel_config.py", text)

    def kernel(self, text: str, name: str = "double.cpp") -> None:
        self._write(f"kernels/{name}", text)

    def kernel_body(self, body: str) -> None:
        self.kernel(_KERNEL_FRAME.format(body=textwrap.indent(textwrap.dedent(body), "    ")))

    def orchestration(self, text: str) -> None:
        self._write("kernels/orchestration.cpp", text)

    def orchestration_body(self, body: str) -> None:
        """A body with ``x``, ``y``, ``host_x``, ``host_y``, ``task`` and ``api`` at hand."""
        self.orchestration(
            _ORCHESTRATION_FRAME.format(body=textwrap.indent(textwrap.dedent(body), "    "))
        )

    def add(self, name: str, text: str) -> None:
        """A file of any other name."""
        self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip("\n"))
