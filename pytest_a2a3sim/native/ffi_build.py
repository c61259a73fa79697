"""Builds the native engine as ``pytest_a2a3sim._engine`` (cffi, API mode, one abi3 module)."""

import sysconfig
from pathlib import Path

from cffi import FFI

NATIVE = Path("pytest_a2a3sim/native")
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wsign-conversion")
INCLUDES = """
extern "C" {
#include "engine_api.h"
}
// cffi's own code, which follows, learns whether an enumeration is signed from a cast of -1.
#pragma GCC diagnostic ignored "-Wconversion"
"""


def declarations() -> str:
    """``engine_api.h`` without its preprocessor lines, which cdef cannot read."""
    text = (NATIVE / "engine_api.h").read_text(encoding="utf-8")
    return "\n".join(line for line in text.splitlines() if not line.startswith("#"))


ffibuilder = FFI()
ffibuilder.cdef(declarations())
ffibuilder.set_source(
    "pytest_a2a3sim._engine",
    INCLUDES,
    source_extension=".cpp",
    sources=[source.as_posix() for source in sorted(NATIVE.rglob("*.cpp"))],
    include_dirs=[NATIVE.as_posix(), "pytest_a2a3sim/include"],
    extra_compile_args=[
        "-std=c++17",
        "-O3",  # vectorises the comparison
        "-ffp-contract=off",  # a comparison rounds as NumPy does, on every machine
        "-g1",
        "-fvisibility=hidden",
        *WARNINGS,
    ],
    extra_link_args=["-pthread", "-ldl"],
    # Free-threaded CPython has no limited API.
    py_limited_api=not sysconfig.get_config_var("Py_GIL_DISABLED"),
)

if __name__ == "__main__":
    ffibuilder.compile(verbose=True)
