"""Kernels of which the factor is found in many ways, for tests of what a build looks for."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = """
#include <cstdint>
{top}
extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = ({factor}) * x[i];
}}
"""


def compile_file(source: Path, output: Path, *options: str) -> None:
    subprocess.run(["g++", *options, "-x", "c++", source, "-o", output], check=True)
