"""A golden directory of kernels that misuse memory, or seem to, with what must be found.

Each case runs two tasks, whose statements have at hand

    x       device buffer #0, 16 float32, copied from host tensor "x", and to "out_y" at the end
    fresh   device buffer #1, 16 float32, into which nothing is copied
    other   device buffer #2, likewise
    freed   device buffer #3, likewise, and freed
    last    device buffer #8192, 12 bytes, the first to share a region: the next begins at byte 128
    host_x  host tensor "x"
    local   128 bytes of the kernel's own
    n       64
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TASK = 1  # the one that does it


@dataclass(frozen=True)
class Misuse:
    """A case.

    Attributes:
        second, first: statements of task 1 and of task 0.
        check: what finds it, in task 1; None for a clean case.
        finding: more that the finding says.
        ordered: whether task 1 starts after task 0.
        located: whether the finding's line is that of the first statement of task 1.
    """

    name: str
    second: str
    check: str | None = None
    finding: Mapping[str, Any] | None = None
    first: str = ""
    ordered: bool = True
    located: bool = True


def _outside(name: str, second: str, **finding: Any) -> Misuse:
    return Misuse(name, second, "memcheck", finding)


_OUTSIDE = (
    _outside("read-a-byte-past", "sink = bytes_of(x)[64];", buffer=0, offset=64, bytes=1),
    _outside("read-an-element-past", "sink = x[16];", buffer=0, offset=64, bytes=4),
    _outside("read-far-past", "sink = x[100];", buffer=0, offset=400, bytes=4),
    _outside("read-an-element-before", "sink = x[-1];", buffer=0, offset=-4, bytes=4),
    _outside("read-a-byte-before", "sink = bytes_of(x)[-1];", buffer=0, offset=-1, bytes=1),
    _outside("write-an-element-past", "x[16] = 1;", buffer=0, offset=64, bytes=4),
    _outside("memset-a-byte-past", "memset(x, 0, n + 1);", buffer=0, offset=64, bytes=1),
    _outside("memcpy-a-byte-past", "memcpy(local, x, n + 1);", buffer=0, offset=64, bytes=1),
    _outside("half-past", "sink = word_at(bytes_of(x) + 60)->bits;", buffer=0),
    _outside("read-between-buffers", "sink = last[40];", buffer=8192, offset=40, bytes=1),
    _outside("write-between-buffers", "last[12] = 1;", buffer=8192, offset=12, bytes=1),
    _outside(
        "on-into-the-next-buffer",
        "for (int64_t i = 0; i < 140; ++i) sink = last[i];",
        buffer=8192,
        offset=12,
    ),
    _outside("read-freed", "sink = freed[5];", buffer=3, offset=20, bytes=4),
    _outside("write-freed", "freed[5] = 1;", buffer=3, offset=20, bytes=4),
    _outside("read-host-memory", "sink = host_x[1];", tensor="x", bytes=4),
    _outside("write-host-memory", "host_x[1] = 1;", tensor="x", bytes=4),
    Misuse("last-bytes", "x[15] = x[0]; bytes_of(x)[63] = 0; last[11] = 1;"),
)

_FILLS_60_BYTES = "for (int i = 0; i < 15; ++i) fresh[i] = x[i];"
_FILLS_TWO_STRUCTS = "padded(fresh)[0] = {1, 2};\npadded(fresh)[1] = {3, 4};"

_UNINITIALISED = (
    Misuse(
        "accumulator-that-nobody-zeroed",
        "fresh[3] += x[3];\nx[3] = fresh[3];",
        "initcheck",
        {"buffer": 1, "offset": 12, "bytes": 4},
    ),
    Misuse("zeroed-accumulator", "fresh[3] += x[3];\nx[3] = fresh[3];", first="fresh[3] = 0;"),
    Misuse(
        "branch",
        "if (fresh[7] > 0) x[0] = 1;",
        "initcheck",
        {"buffer": 1, "offset": 28, "bytes": 4},
    ),
    Misuse(
        "written-by-an-unordered-task",
        "x[0] = fresh[0] + 1;",
        "initcheck",
        {"buffer": 1, "offset": 0, "bytes": 4, "edge": [0, 1], "consequence": True},
        first="fresh[0] = 2;",
        ordered=False,
    ),
    Misuse(
        "copied-struct-with-padding",
        "padded(other)[0] = padded(fresh)[1];\nx[0] = padded(other)[0].value;",
        first=_FILLS_TWO_STRUCTS,
    ),
    Misuse(
        "copied-structs-with-padding",
        "memcpy(other, fresh, n / 4);\nx[0] = padded(other)[1].tag;",
        first=_FILLS_TWO_STRUCTS,
    ),
    Misuse(
        "copied-tail-that-nobody-uses",
        "memcpy(other, fresh, n);\nfor (int i = 0; i < 15; ++i) x[i] = 2 * other[i];",
        first=_FILLS_60_BYTES,
    ),
    Misuse(
        "copied-tail-that-is-used",
        "memcpy(other, fresh, n);\nx[0] = 2 * other[15];",
        "initcheck",
        first=_FILLS_60_BYTES,
        located=False,
    ),
    Misuse(
        "tail-that-another-task-copied",
        "x[0] = 2 * other[15];",
        "initcheck",
        {"buffer": 2, "offset": 60, "bytes": 4, "edge": None},
        first="memcpy(other, fresh, n);",
    ),
    Misuse(
        "copied-tail-that-reaches-an-output",
        "memcpy(x, fresh, n);",
        "initcheck",
        first=_FILLS_60_BYTES,
        located=False,
    ),
)

MISUSES = {each.name: each for each in _OUTSIDE + _UNINITIALISED}

_HEAD = """\
#include <cstdint>
#include <cstring>

using std::memcpy;
using std::memset;

struct Padded {
    uint8_t tag;
    float value;
    Padded& operator=(const Padded&) = default;
    Padded(uint8_t t, float v) : tag(t), value(v) {}
};
struct [[gnu::packed]] Word {
    uint64_t bits;
};

volatile float sink;
uint8_t local[128];

#define PARAMETERS float *x, float *fresh, float *other, float *freed, uint8_t *last, \\
                   float *host_x, size_t n
#define bytes_of(pointer) reinterpret_cast<uint8_t*>(pointer)
#define padded(pointer) reinterpret_cast<Padded*>(pointer)
#define word_at(pointer) reinterpret_cast<const Word*>(pointer)
"""

_ENTRY = """\
using Body = void (*)(PARAMETERS);
Body const bodies[][2] = {{{table}}};

extern "C" void kernel_entry(int64_t* args) {{
    float* floats[5];
    for (int i = 0; i < 4; ++i) floats[i] = reinterpret_cast<float*>(args[i]);
    bodies[args[6]][args[7]](floats[0], floats[1], floats[2], floats[3], bytes_of(args[4]),
                             reinterpret_cast<float*>(args[5]), 64);
}}
"""

_ORCHESTRATION = """\
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    HostApi& api = runtime->host_api;
    const auto* const choice = reinterpret_cast<const int64_t*>(args[1]);
    uint64_t task[8] = {};
    for (int i = 0; i < 4; ++i) task[i] = reinterpret_cast<uint64_t>(api.device_malloc(64));
    api.copy_to_device(reinterpret_cast<void*>(task[0]), reinterpret_cast<void*>(args[0]), 64);
    api.device_free(reinterpret_cast<void*>(task[3]));
    if (choice[2] != 0) {
        for (int i = 4; i < 8192; ++i) api.device_malloc(1);
        task[4] = reinterpret_cast<uint64_t>(api.device_malloc(12));
        api.device_malloc(12);
        const uint8_t zeros[12] = {};
        api.copy_to_device(reinterpret_cast<void*>(task[4]), zeros, 12);
    }
    task[5] = args[0];
    task[6] = static_cast<uint64_t>(choice[0]);
    for (uint64_t id = 0; id < 2; ++id) {
        task[7] = id;
        runtime->add_task(task, 8, 0, CoreType::AIV);
    }
    if (choice[1] != 0) runtime->add_successor(0, 1);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[2]),
                                reinterpret_cast<void*>(task[0]), 64);
    return 0;
}
"""

_GOLDEN = """
import numpy as np

PARAMS_LIST = {params}


def generate_inputs(params):
    choice = [params[key] for key in ("number", "ordered", "shared")]
    return {{
        "x": np.arange(16, dtype=np.float32),
        "choice": np.array(choice, dtype=np.int64),
        "out_y": np.zeros(16, dtype=np.float32),
    }}


def compute_golden(tensors, params):
    pass


def compare_outputs(actual, expected, params):
    return {{"out_y": slice(0)}}
"""

_CONFIG = """
KERNELS = [{"func_id": 0, "source": "misuse.cpp", "core_type": "aiv"}]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
"""


def create(directory: Path) -> dict[str, int]:
    """The directory, and the line at which each case's misuse begins."""
    kernels = directory / "kernels"
    kernels.mkdir(parents=True)
    params = [
        {
            "name": misuse.name,
            "number": number,
            "ordered": misuse.ordered,
            "shared": "last" in misuse.second,
        }
        for number, misuse in enumerate(MISUSES.values())
    ]
    (directory / "golden.py").write_text(_GOLDEN.format(params=params))
    (kernels / "kernel_config.py").write_text(_CONFIG)
    (kernels / "orchestration.cpp").write_text(_ORCHESTRATION)

    source = _HEAD
    lines: dict[str, int] = {}
    for number, misuse in enumerate(MISUSES.values()):
        for task, body in enumerate((misuse.first, misuse.second)):
            source += f"\n[[gnu::noinline]] static void body_{number}_{task}(PARAMETERS) {{\n"
            lines[misuse.name] = source.count("\n") + 1
            source += textwrap.indent(body, "    ") + "\n}\n"
    table = ", ".join(f"{{body_{number}_0, body_{number}_1}}" for number in range(len(MISUSES)))
    (kernels / "misuse.cpp").write_text(f"{source}\n{_ENTRY.format(table=table)}")
    return lines
