"""Random golden directories: graphs of small kernels over shared buffers, with what they compute.

The steps of a directory have an order in which they mean something; its edges order every two of
them of which one writes what the other uses. Values are small integers, so that results are exact
in every dtype.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.fuzz.steps import COMPUTE, FUNC_IDS, OPERATIONS, Step, needed_edges

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path
    from random import Random

CPP_TYPES = {
    **{f"{sign}int{bits}": f"{sign}int{bits}_t" for sign in ("", "u") for bits in (8, 16, 32, 64)},
    "float32": "float",
    "float64": "double",
}
MOST_STEPS = 10

_GOLDEN = """
import ctypes

import numpy as np

SHAPE = {shape}
STEPS = {steps}
__outputs__ = {outputs}
TENSOR_ORDER = {order}
{compute}

def generate_inputs(params):
    generator = np.random.default_rng({seed})
    made = {{}}
    for i in range({inputs}):
        made[f"x{{i}}"] = generator.integers(0, 5, SHAPE).astype(np.{dtype})
    for name in __outputs__:
        made[name] = np.full(SHAPE, 77, np.{dtype})
    return {returned}


def compute_golden(tensors, params):
    buffers = [np.zeros(SHAPE, np.{dtype}) for _ in range({buffers})]
    for i in range({inputs}):
        buffers[i][...] = tensors[f"x{{i}}"]
    compute(STEPS, buffers)
    for name in __outputs__:
        tensors[name][...] = buffers[int(name[1:])]
"""
_KERNEL = """
#include <cstdint>

using T = {type};

extern "C" void kernel_entry(int64_t* args) {{
    const T* a = reinterpret_cast<const T*>(args[0]);
    {second}T* y = reinterpret_cast<T*>(args[{target}]);
    const int64_t n = args[{count}];
    for (int64_t i = 0; i < n; ++i) {loop}
}}
"""
_ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {{
    HostApi& api = runtime->host_api;
    const uint64_t size = {size};
    char* buffers[{buffers}];
    for (char*& buffer : buffers) buffer = static_cast<char*>(api.device_malloc(size));
    {copies}
    const auto address = [&](int i) {{ return reinterpret_cast<uint64_t>(buffers[i]); }};
    {tasks}
    {edges}
    {pairs}
    {last}
    return 0;
}}
"""


@dataclass
class Directory:
    """A golden directory to be, which planted faults change.

    Attributes:
        inputs: how many; they are copied into the first buffers.
        buffers: on the device, each of one tensor's size.
        steps: in the order in which they mean something.
        ids: of the tasks, by step.
        edges: between steps.
        outputs: buffers that are copied back.
        listed: whether generate_inputs returns a list of pairs.
        meant: the steps that compute what is expected.
        copied: elements of inputs that are copied to the device, if not all of them are.
        copies: lines that copy the inputs to the device, by input.
        lines: that add tasks, by id.
        pairs: lines that record tensor pairs, by output.
        linked: lines that add edges.
        last: what the orchestration does at its end.
        config: rows of KERNELS, by operation.
        kernels: further sources, by name.
        extra: end of golden.py.
    """

    seed: int
    dtype: str
    shape: tuple[int, ...]
    inputs: int
    buffers: int
    steps: list[Step]
    ids: list[int]
    edges: list[tuple[int, int]]
    outputs: list[int]
    listed: bool
    meant: list[Step] = field(default_factory=list)
    copied: dict[int, int] = field(default_factory=dict)
    copies: dict[int, str] = field(default_factory=dict)
    lines: dict[int, str] = field(default_factory=dict)
    pairs: dict[int, str] = field(default_factory=dict)
    linked: list[str] = field(default_factory=list)
    last: list[str] = field(default_factory=list)
    config: dict[str, dict[str, object]] = field(default_factory=dict)
    kernels: dict[str, str] = field(default_factory=dict)
    extra: str = ""

    @property
    def count(self) -> int:
        """Elements of a tensor."""
        return int(np.prod(self.shape))

    @property
    def nbytes(self) -> int:
        """Of a tensor."""
        return self.count * np.dtype(self.dtype).itemsize

    def task_line(self, step: int, count: str | None = None) -> str:
        """The line that adds a step's task."""
        operation, reads, target = vars(self.steps[step]).values()
        values = [*(f"address({i})" for i in (*reads, target)), count or str(self.count)]
        core = OPERATIONS[operation][1].upper()
        task = f"task{self.ids[step]}"
        return (
            f"uint64_t {task}[] = {{{', '.join(values)}}};\n    runtime->add_task({task}, "
            f"{len(values)}, {FUNC_IDS[operation]}, CoreType::{core});"
        )

    def use(self, operation: str) -> None:
        """Adds an operation's kernel."""
        self.config[operation] = {
            "func_id": FUNC_IDS[operation],
            "source": kernel_name(operation, self.dtype),
            "core_type": OPERATIONS[operation][1],
            "cxxflags": ["-fwrapv"],
        }

    def write(self, path: Path, shared: Path) -> None:
        """Writes it; kernels that many directories have lie in ``shared``."""
        outputs = [f"y{buffer}" for buffer in self.outputs]
        names = [*(f"x{i}" for i in range(self.inputs)), *outputs]
        golden = _GOLDEN.format(
            shape=self.shape,
            steps=[tuple(vars(step).values()) for step in self.meant],
            outputs=outputs,
            order=names,
            compute=COMPUTE,
            seed=self.seed,
            inputs=self.inputs,
            dtype=self.dtype,
            buffers=self.buffers,
            returned="[*made.items(), ('n', ctypes.c_int64(1))]" if self.listed else "made",
        )
        orchestration = _ORCHESTRATION.format(
            size=self.nbytes,
            buffers=self.buffers,
            copies="\n    ".join(self.copies.values()),
            tasks="\n    ".join(self.lines[i] for i in sorted(self.lines)),
            edges="\n    ".join(self.linked),
            pairs="\n    ".join(self.pairs.values()),
            last="\n    ".join(self.last),
        )
        rows = [{**row, "source": str(shared / str(row["source"]))} for row in self.config.values()]
        files = {
            path / "golden.py": f"{golden}{self.extra}",
            path / "kernels/orchestration.cpp": orchestration,
            path / "kernels/kernel_config.py": (
                f"KERNELS = {rows}\nRUNTIME_CONFIG = {{'block_dim': 3}}\n"
                "ORCHESTRATION = {'source': 'orchestration.cpp', 'function_name': 'build_graph'}\n"
            ),
        }
        for operation in self.config.keys() & OPERATIONS.keys():
            files[shared / kernel_name(operation, self.dtype)] = kernel(operation, self.dtype)
        files |= {shared / name: text for name, text in self.kernels.items()}
        for file, text in files.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.exists() or file.read_text() != text:
                file.write_text(text)


def kernel_name(operation: str, dtype: str) -> str:
    """The file of a kernel."""
    return f"{operation}_{dtype}.cpp"


def kernel(operation: str, dtype: str) -> str:
    """The source of a kernel."""
    reads, _, loop = OPERATIONS[operation]
    second = "const T* b = reinterpret_cast<const T*>(args[1]);\n    " if reads > 1 else ""
    return _KERNEL.format(
        type=CPP_TYPES[dtype], second=second, target=reads, count=reads + 1, loop=loop
    )


def random_directory(seed: int, rng: Random) -> Directory:
    """A directory without a fault."""
    inputs = rng.randint(1, 3)
    count = rng.randint(2, MOST_STEPS)
    buffers = inputs + rng.randint(2, 5)
    written = set(range(inputs))
    steps: list[Step] = []
    for _ in range(count):
        operation = rng.choice([*OPERATIONS])
        reads = tuple(rng.choices(sorted(written), k=OPERATIONS[operation][0]))
        able = [i for i in range(buffers) if i not in reads and i >= inputs]
        if operation == "accumulate":
            able = [i for i in able if i in written]
        if not able:
            continue
        steps.append(Step(operation, reads, rng.choice(able)))
        written.add(steps[-1].target)
    if not steps:
        steps.append(Step("copy", (0,), inputs))
    last = {step.target for step in steps}
    ids = list(range(len(steps)))
    if rng.random() < 0.5:
        rng.shuffle(ids)
    shape = tuple(rng.choice([1, 2, 3, 5, 16, 33]) for _ in range(rng.randint(1, 3)))
    made = Directory(
        seed=seed,
        dtype=rng.choice([*CPP_TYPES]),
        shape=rng.choice([shape, shape, (rng.randint(1000, 5000),)]),
        inputs=inputs,
        buffers=buffers,
        steps=steps,
        ids=ids,
        edges=needed_edges(steps),
        outputs=sorted(rng.sample(sorted(last), rng.randint(1, len(last)))),
        listed=rng.random() < 0.3,
    )
    pairs = itertools.combinations(range(len(steps)), 2)
    made.edges += [pair for pair in pairs if pair not in made.edges and rng.random() < 0.1]
    made.meant = [*steps]
    _lay_out(made)
    return made


def _lay_out(made: Directory) -> None:
    for i in range(made.inputs):
        made.copies[i] = (
            f"api.copy_to_device(buffers[{i}], reinterpret_cast<void*>(args[{i}]), size);"
        )
    for step, number in enumerate(made.ids):
        made.lines[number] = made.task_line(step)
    for position, buffer in enumerate(made.outputs, made.inputs):
        made.pairs[buffer] = (
            f"runtime->record_tensor_pair(reinterpret_cast<void*>(args[{position}]), "
            f"buffers[{buffer}], size);"
        )
    made.linked = [edge_line(made, edge) for edge in made.edges]
    for each in made.steps:
        made.use(each.operation)


def edge_line(made: Directory, edge: tuple[int, int]) -> str:
    """The line that adds an edge between two steps."""
    return f"runtime->add_successor({made.ids[edge[0]]}, {made.ids[edge[1]]});"


def results(made: Directory, order: Iterable[int], counts: Mapping[int, int]) -> list[bytes]:
    """What the outputs hold after the steps in an order, on a device of poisoned memory.

    Args:
        made: the directory.
        order: of its steps.
        counts: of elements that a step works on, if it is not all of them.
    """
    names: dict[str, Any] = {}
    exec(COMPUTE, names)
    poisoned = np.frombuffer(b"\xff" * made.nbytes, made.dtype)
    buffers = [poisoned.copy() for _ in range(made.buffers)]
    generator = np.random.default_rng(made.seed)
    for i in range(made.inputs):
        values = generator.integers(0, 5, made.count).astype(made.dtype)
        copied = made.copied.get(i, made.count)
        buffers[i][:copied] = values[:copied]
    for number in order:
        parts = [buffer[: counts.get(number, made.count)] for buffer in buffers]
        with np.errstate(all="ignore"):
            names["compute"]([tuple(vars(made.steps[number]).values())], parts)
    return [buffers[buffer].tobytes() for buffer in made.outputs]


def reverse_order(made: Directory) -> list[int]:
    """Steps in the order in which ``--sim-schedule=reverse`` executes their tasks."""
    left = set(range(len(made.steps)))
    order = []
    while left:
        waiting = {after for before, after in made.edges if before in left}
        order.append(max(left - waiting, key=made.ids.__getitem__))
        left.remove(order[-1])
    return order


def possible_orders(made: Directory, count: int) -> Iterator[list[int]]:
    """Some orders of the steps that the edges allow; the same ones each time."""
    rng = random.Random(made.seed)
    for _ in range(count):
        left = set(range(len(made.steps)))
        order: list[int] = []
        while left:
            waiting = {after for before, after in made.edges if before in left}
            order.append(rng.choice(sorted(left - waiting)))
            left.remove(order[-1])
        yield order
