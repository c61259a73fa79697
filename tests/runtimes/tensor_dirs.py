"""Golden directories for the runtimes whose tasks work on tensors."""

from __future__ import annotations

import hashlib
import textwrap
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

GOLDEN = """
import ctypes

import numpy as np

__outputs__ = ["y"]


def generate_inputs(params):
    return [
        ("x", np.arange(64, dtype=np.float32)),
        ("y", np.zeros(64, dtype=np.float32)),
        ("size", ctypes.c_int64(64)),
        ("choice", ctypes.c_int64({choice})),
    ]


def compute_golden(tensors, params):
    tensors["y"][:] = {expected}
"""

CONFIG = """
KERNELS = [
    {{"func_id": 0, "name": "SCALE", "source": "{sources}/scale.cpp", "core_type": "aiv"}},
    {{"func_id": 1, "name": "ADD", "source": "{sources}/add.cpp", "core_type": "aiv"}},
    {{"func_id": 2, "name": "SCALE_AIC", "source": "{sources}/scale.cpp", "core_type": "aic"}},
    {{"func_id": 3, "name": "NOTHING", "source": "{sources}/nothing.cpp", "core_type": "aiv"}},
]
ORCHESTRATION = {{"source": "{sources}/{orchestration}", "function_name": "whatever"}}
RUNTIME_CONFIG = {{"runtime": "{runtime}", "aicpu_thread_num": 4, "block_dim": 2}}
RUNTIME_ENV = {environment}
"""

KERNEL_START = """
#include <cstdint>
#include <cstring>

#include "tensor.h"

static float* data(int64_t argument, uint64_t& count) {
    const Tensor* tensor = reinterpret_cast<const Tensor*>(argument);
    count = tensor->shapes[0];
    return reinterpret_cast<float*>(tensor->buffer.addr) + tensor->start_offset;
}
"""

SCALE = """
extern "C" void kernel_entry(int64_t* args) {  // (from, to, factor)
    uint64_t count = 0;
    const float* from = data(args[0], count);
    float* to = data(args[1], count);
    float factor;
    std::memcpy(&factor, &args[2], sizeof factor);
    for (uint64_t i = 0; i < count; ++i) to[i] = factor * from[i];
}
"""

ADD = """
extern "C" void kernel_entry(int64_t* args) {  // (a, b, to)
    uint64_t count = 0;
    const float* a = data(args[0], count);
    const float* b = data(args[1], count);
    float* to = data(args[2], count);
    for (uint64_t i = 0; i < count; ++i) to[i] = a[i] + b[i];
}
"""

NOTHING = """
extern "C" void kernel_entry(long*) {}
"""

# x and y are the arguments, c and d are tensors without memory. scale(from, to, factor) and
# add(a, b, to) submit a task that makes its last tensor.
_ORCHESTRATION = """
#include "pto_orchestration_api.h"

#include <cstring>

enum {{ SCALE, ADD, SCALE_AIC, NOTHING }};

static uint64_t bits(float value) {{
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
}}

static PTOParam scale_params(Tensor& from, Tensor& to, float factor) {{
    PTOParam params;
    params.add_input(from);
    params.add_output(to);
    params.add_scalar(bits(factor));
    return params;
}}

static PTOParam add_params(Tensor& a, Tensor& b, Tensor& to) {{
    PTOParam params;
    params.add_input(a);
    params.add_input(b);
    params.add_output(to);
    return params;
}}

extern "C" {{
__attribute__((visibility("default")))
PTO2OrchestrationConfig aicpu_orchestration_config(uint64_t*, int) {{
    return PTO2OrchestrationConfig{{.expected_arg_count = 4}};
}}

__attribute__((visibility("default")))
void aicpu_orchestration_entry({parameters}) {{
    const uint32_t shape[1] = {{static_cast<uint32_t>(args[2])}};
    Tensor x = make_tensor_external(reinterpret_cast<void*>(args[0]), shape, 1);
    Tensor y = make_tensor_external(reinterpret_cast<void*>(args[1]), shape, 1);
    Tensor c = make_tensor(shape, 1);
    Tensor d = make_tensor(shape, 1);
    (void)x, (void)y, (void)c, (void)d;
{body}
}}
}}
"""

PARAMETERS = "uint64_t* args, int, int, int"
PARAMETERS_WITH_RUNTIME = "PTO2Runtime* rt, uint64_t* args, int, int, int"


@dataclass(frozen=True)
class Variant:
    """How a directory differs from others.

    Attributes:
        runtime: that it is written for.
        parameters: of the orchestration's entry.
        environment: RUNTIME_ENV.
        choice: of several bodies; see :func:`one_of`.
        sources: where the sources are, for directories that have them in common.
    """

    runtime: str = "tensormap_and_ringbuffer"
    parameters: str = PARAMETERS
    environment: Mapping[str, str] = field(default_factory=dict)
    choice: int = 0
    sources: Path | None = None


DEFAULT = Variant()
A5 = Variant(parameters=PARAMETERS_WITH_RUNTIME)
GIVEN = replace(A5, runtime="aicpu_build_graph")


def tensor_dir(path: Path, body: str, expected: str, variant: Variant = DEFAULT) -> GoldenDir:
    """A directory that makes ``y`` of ``x``, 64 float32 each.

    Args:
        path: where.
        body: of the orchestration, with ``x``, ``y`` and the new tensors ``c`` and ``d`` at hand.
        expected: ``y``, as Python with ``tensors["x"]``.
        variant: what else is different.
    """
    directory = GoldenDir(path)
    sources = variant.sources or directory.path / "kernels"
    text = _ORCHESTRATION.format(
        parameters=variant.parameters, body=textwrap.indent(textwrap.dedent(body), "    ")
    )
    orchestration = f"orchestration_{hashlib.sha256(text.encode()).hexdigest()[:8]}.cpp"
    directory.golden(GOLDEN.format(expected=expected, choice=variant.choice))
    directory.kernel_config(
        CONFIG.format(
            runtime=variant.runtime,
            environment=dict(variant.environment),
            sources=sources,
            orchestration=orchestration,
        )
    )
    for name, content in {
        "scale.cpp": KERNEL_START + SCALE,
        "add.cpp": KERNEL_START + ADD,
        "nothing.cpp": NOTHING,
        orchestration: text,
    }.items():
        if not (sources / name).exists():
            (sources / name).write_text(content)
    return directory


def one_of(bodies: Iterable[str]) -> str:
    """A body that does what one of these does: they are compiled once."""
    cases = "\n".join(f"case {i}: {{\n{body}\nbreak;\n}}" for i, body in enumerate(bodies))
    return f"switch (args[3]) {{\n{cases}\n}}"
