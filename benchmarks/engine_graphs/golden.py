"""The benchmark's graphs as a golden directory; ``benchmarks/engine.py`` gives the params."""

import ctypes

import numpy as np

__outputs__ = ["out"]


def generate_inputs(params):
    """The graph's name, its two sizes, the kernel's iterations; an output that nobody computes."""
    return [
        ("shape", np.frombuffer(params["shape"].encode() + b"\0", dtype=np.uint8).copy()),
        ("a", ctypes.c_int64(params["a"])),
        ("b", ctypes.c_int64(params["b"])),
        ("iterations", ctypes.c_int64(params["iterations"])),
        ("out", np.zeros(1, dtype=np.int64)),
    ]


def compute_golden(tensors, params) -> None:
    """The output is as it was."""
    tensors["out"][:] = 0
