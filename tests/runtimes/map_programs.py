"""Random programs for the map from tensors to tasks, and what they must lead to.

``python -m tests.runtimes.map_programs 10000`` tries that many.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import prod
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.cli import main
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

ELEMENTS = 720
SHAPES = ((720,), (20, 36), (6, 10, 12), (2, 3, 10, 12), (2, 2, 3, 5, 12))
PROGRAMS_OF_A_RUN = 250
INPUT, OUTPUT, INOUT, OUTPUT_EXISTING, NO_DEP = range(5)
SUBMIT, BEGIN_MANUAL, END_MANUAL, END = range(4)
VIEW, SLICE, TRANSPOSE, RESHAPE = range(4)

GOLDEN = """
import ctypes
from pathlib import Path

import numpy as np

__outputs__ = ["memory"]
CODE = np.load(Path(__file__).with_name("code.npy"))


def generate_inputs(params):
    return [
        ("code", CODE),
        ("memory", np.zeros(({buffers}, 720), dtype=np.float32)),
    ]


def compute_golden(tensors, params):
    pass
"""

CONFIG = """
KERNELS = [{"func_id": 0, "name": "NOTHING", "source": "nothing.cpp", "core_type": "aiv"}]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "aicpu_orchestration_entry"}
RUNTIME_CONFIG = {"runtime": "tensormap_and_ringbuffer", "block_dim": 1}
RUNTIME_ENV = {"PTO2_RING_TASK_WINDOW": "1048576", "PTO2_RING_DEP_POOL": "1048576"}
"""

ORCHESTRATION = """
#include <deque>
#include <memory>
#include <vector>

#include "pto_orchestration_api.h"

namespace {

struct Reader {
    const int32_t* next;

    int32_t number() { return *next++; }
    const uint32_t* numbers(uint32_t count) {
        const uint32_t* const read = reinterpret_cast<const uint32_t*>(next);
        next += count;
        return read;
    }
};

Tensor read_tensor(Reader& code, const std::vector<Tensor>& buffers) {
    Tensor tensor = buffers[code.number()];
    const uint32_t rank = code.number();
    tensor = tensor.reshape(code.numbers(rank), rank);
    for (int32_t left = code.number(); left > 0; --left) {
        const int32_t operation = code.number();
        if (operation == 0) {
            const uint32_t* const shapes = code.numbers(tensor.ndims);
            tensor = tensor.view(shapes, code.numbers(tensor.ndims));
        } else if (operation == 1) {
            const uint32_t* const slice = code.numbers(4);
            tensor = tensor.slice(slice[0], slice[1], slice[2], slice[3]);
        } else if (operation == 2) {
            const uint32_t* const dimensions = code.numbers(2);
            tensor = tensor.transpose(dimensions[0], dimensions[1]);
        } else {
            const uint32_t count = code.number();
            tensor = tensor.reshape(code.numbers(count), count);
        }
    }
    tensor.version = code.number();
    tensor.manual_dep = code.number() != 0;
    return tensor;
}

const uint32_t kFlat[1] = {720};

void submit(Reader& code, std::vector<Tensor>& buffers, std::vector<PTO2TaskId>& tasks) {
    const bool is_of_march = code.number() != 0;
    PTOParam params;
    CoreTaskArgs args;
    std::deque<Tensor> tensors;
    int32_t allocated = -1;
    for (int32_t left = code.number(); left > 0; --left) {
        const int32_t type = code.number();
        if (type == 1 && is_of_march) {
            allocated = static_cast<int32_t>(tensors.size());
            tensors.push_back(make_tensor(kFlat, 1));
        } else if (type == 1) {
            allocated = 0;
            const TensorCreateInfo info(kFlat, 1);
            args.add_output(info);
            continue;
        } else {
            tensors.push_back(read_tensor(code, buffers));
        }
        Tensor& tensor = tensors.back();
        if (is_of_march) {
            if (type == 0) params.add_input(tensor);
            else if (type == 2) params.add_inout(tensor);
            else params.add_output(tensor);
        } else {
            if (type == 0) args.add_input(tensor);
            else if (type == 2) args.add_inout(tensor);
            else if (type == 3) args.add_output(tensor);
            else args.add_no_dep(tensor);
        }
    }
    std::vector<PTO2TaskId> before;
    for (int32_t left = code.number(); left > 0; --left) before.push_back(tasks[code.number()]);
    if (is_of_march) {
        tasks.push_back(a2a3sim::submit(a2a3sim_runtime, {-1, 0, -1}, params));
        if (allocated >= 0) buffers.push_back(tensors[allocated]);
    } else {
        args.set_dependencies(before.data(), static_cast<uint32_t>(before.size()));
        TaskOutputTensors made = rt_submit_aiv_task(0, args);
        tasks.push_back(made.task_id());
        if (allocated >= 0) buffers.push_back(made.get_ref(0));
    }
}

}  // namespace

extern "C" __attribute__((visibility("default"))) void aicpu_orchestration_entry(
    const ChipTaskArgs& args) {
    Reader code{args.tensor(0).data_as<const int32_t>()};
    float* memory = args.tensor(1).data_as<float>();
    for (int32_t programs = code.number(); programs > 0; --programs) {
        PTO2_SCOPE() {
            std::vector<Tensor> buffers;
            for (int i = 0; i < 2; ++i, memory += 720) {
                buffers.push_back(make_tensor_external(memory, kFlat, 1));
            }
            std::vector<PTO2TaskId> tasks;
            for (;;) {
                const int32_t operation = code.number();
                if (operation == 3) break;
                if (operation == 0) submit(code, buffers, tasks);
                if (operation == 1) rt_scope_begin(PTO2ScopeMode::MANUAL);
                if (operation == 2) rt_scope_end();
            }
        }
    }
}
"""


@dataclass(frozen=True)
class Region:
    """A tensor: the elements of a buffer, and the box that runtimes without strides see."""

    buffer: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    start: int
    raw: tuple[int, ...]
    offsets: tuple[int, ...]
    version: int = 0
    manual: bool = False

    @classmethod
    def whole(cls, buffer: int, shape: tuple[int, ...]) -> Region:
        return cls(buffer, shape, row_major(shape), 0, shape, (0,) * len(shape))

    @property
    def is_contiguous(self) -> bool:
        return self.strides == row_major(self.shape)

    def elements(self) -> npt.NDArray[np.int64]:
        """Where each element is."""
        found = np.array([self.start])
        for length, stride in zip(self.shape, self.strides, strict=True):
            found = (found[:, None] + stride * np.arange(length)).reshape(-1)
        return found


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    return tuple(prod(shape[i + 1 :]) for i in range(len(shape)))


@dataclass
class Argument:
    kind: int
    region: Region
    code: list[int] = field(default_factory=list)


@dataclass
class Task:
    is_of_march: bool
    is_manual: bool
    arguments: list[Argument]
    before: list[int]


class Program:
    """Tasks on two buffers and on those that tasks make, at random.

    Some are longer, and on one buffer, of which there are many entries then. Those of March stay
    below 16 writers: more are an error.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.is_of_march = random.random() < 0.4
        self.code: list[int] = []
        self.tasks: list[Task] = []
        self.owners: list[int | None] = [None, None]
        self._version = 0
        self.is_long = random.random() < 0.1
        is_manual = False
        length = random.randint(2, 9)
        if self.is_long:
            length = 16 if self.is_of_march else 40
        for _ in range(length):
            if not self.is_of_march and random.random() < 0.1:
                self.code.append(END_MANUAL if is_manual else BEGIN_MANUAL)
                is_manual = not is_manual
            self._submit(is_manual=is_manual)
        if is_manual:
            self.code.append(END_MANUAL)
        self.code.append(END)

    def _submit(self, *, is_manual: bool) -> None:
        random = self.random
        makes = not is_manual and not self.is_long and random.random() < 0.15
        count = 1 if self.is_long and self.is_of_march else random.randint(1, 3)
        arguments = [self._argument() for _ in range(count)]
        before = []
        if not self.is_of_march and self.tasks and random.random() < 0.2:
            before = random.sample(range(len(self.tasks)), random.randint(1, len(self.tasks)))
        self.code += [SUBMIT, int(self.is_of_march), len(arguments) + makes]
        for argument in arguments:
            self.code += [argument.kind, *argument.code]
        if makes:
            self.code.append(OUTPUT)
            arguments.append(Argument(OUTPUT, Region.whole(len(self.owners), (ELEMENTS,))))
            self.owners.append(len(self.tasks))
        self.code += [len(before), *before]
        self.tasks.append(Task(self.is_of_march, is_manual, arguments, before))

    def _argument(self) -> Argument:
        random = self.random
        kind = random.choice([INPUT, INOUT, OUTPUT_EXISTING, INPUT, NO_DEP])
        if self.is_of_march and kind == NO_DEP:
            kind = INPUT
        shape = random.choice(SHAPES)
        buffers = 1 if self.is_long else len(self.owners)
        region = Region.whole(random.randrange(buffers), shape)
        code = [region.buffer, len(shape), *shape]
        operations = []
        for _ in range(random.randint(0, 3)):
            operation, region = self._operation(region)
            operations.append(operation)
        code += [len(operations), *(number for each in operations for number in each)]
        self._version += random.random() < (0.005 if self.is_long else 0.05)
        region = replace(region, version=self._version, manual=random.random() < 0.05)
        return Argument(kind, region, [*code, region.version, int(region.manual)])

    def _operation(self, region: Region) -> tuple[list[int], Region]:
        """One as code, and what it makes."""
        random = self.random
        rank = len(region.shape)
        kind = random.choice([VIEW, VIEW, SLICE, TRANSPOSE, RESHAPE])
        if kind == SLICE and not self.is_of_march:
            axis = random.randrange(rank)
            begin = random.randrange(region.shape[axis])
            end = random.randint(begin + 1, region.shape[axis])
            step = random.choice([1, 1, 2, 3])
            return [SLICE, axis, begin, end, step], sliced(region, axis, range(begin, end, step))
        if kind == TRANSPOSE and rank > 1:
            x, y = random.sample(range(rank), 2)
            return [TRANSPOSE, x, y], transposed(region, x, y)
        # A runtime without strides forgets where a view begins.
        if kind == RESHAPE and region.is_contiguous and not (self.is_of_march and region.start):
            count = prod(region.shape)
            divisor = random.choice([n for n in range(1, count + 1) if count % n == 0])
            whole = Region.whole(region.buffer, (divisor, count // divisor))
            return [RESHAPE, 2, *whole.shape], replace(whole, start=region.start)
        offsets = tuple(random.choice([0, random.randrange(n)]) for n in region.shape)
        shape = tuple(random.randint(1, n - o) for n, o in zip(region.shape, offsets, strict=True))
        return [VIEW, *shape, *offsets], viewed(region, shape, offsets)


def viewed(region: Region, shape: tuple[int, ...], offsets: tuple[int, ...]) -> Region:
    return replace(
        region,
        shape=shape,
        start=region.start + sum(o * n for o, n in zip(offsets, region.strides, strict=True)),
        offsets=tuple(a + b for a, b in zip(region.offsets, offsets, strict=True)),
    )


def sliced(region: Region, axis: int, part: range) -> Region:
    def at(values: tuple[int, ...], value: int) -> tuple[int, ...]:
        return (*values[:axis], value, *values[axis + 1 :])

    return replace(
        region,
        shape=at(region.shape, len(part)),
        strides=at(region.strides, region.strides[axis] * part.step),
        start=region.start + part.start * region.strides[axis],
    )


def transposed(region: Region, x: int, y: int) -> Region:
    order = list(range(len(region.shape)))
    order[x], order[y] = y, x

    def moved(values: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(values[i] for i in order)

    return replace(
        region,
        shape=moved(region.shape),
        strides=moved(region.strides),
        raw=moved(region.raw),
        offsets=moved(region.offsets),
    )


def box_overlap(tensor: Region, written: Region) -> str:
    """As a runtime without strides sees it: by the sets of indices of each dimension."""
    covers = len(tensor.shape) >= len(written.shape)
    for mine, its in zip(boxes(tensor), boxes(written), strict=False):
        if not mine & its:
            return "none"
        covers &= its <= mine
    return "covers" if covers else "part"


def boxes(region: Region) -> list[set[int]]:
    return [set(range(o, o + n)) for o, n in zip(region.offsets, region.shape, strict=True)]


def stride_overlap(tensor: Region, written: Region) -> str:
    """By the elements where both are boxes of one row-major buffer, else by the ranges."""
    mine, its = tensor.elements(), written.elements()
    if mine.max() < its.min() or its.max() < mine.min():
        return "none"
    if tensor.strides != written.strides or not (is_box(tensor) and is_box(written)):
        return "part"
    common = np.intersect1d(mine, its).size
    return "none" if not common else "covers" if common == its.size else "part"


def is_box(region: Region) -> bool:
    """Whether it is a part of each row of the buffer that its strides make."""
    strides = region.strides
    if strides[-1] != 1 or ELEMENTS % strides[0]:
        return False
    if any(long % short for long, short in pairwise(strides)):
        return False
    raw = (ELEMENTS // strides[0], *(long // short for long, short in pairwise(strides)))
    begins = np.unravel_index(region.start, raw)
    return all(b + n <= of for b, n, of in zip(begins, region.shape, raw, strict=True))


def edges_of(program: Program) -> set[tuple[int, int]]:
    """Who waits for whom, straight from the rules."""
    entries: list[tuple[int, Region]] = []
    found = set()
    for number, task in enumerate(program.tasks):
        found |= {(before, number) for before in task.before}
        if task.is_manual:
            continue
        for argument in task.arguments:
            owner = program.owners[argument.region.buffer]
            if argument.kind != OUTPUT and not task.is_of_march and owner is not None:
                found.add((owner, number))
            if argument.kind in {INPUT, INOUT} and not argument.region.manual:
                writers, entries = looked_up(argument, task, entries, owner)
                found |= {(writer, number) for writer in writers}
        writes = {INOUT, OUTPUT_EXISTING} | ({OUTPUT} if task.is_of_march else set())
        entries += [
            (number, argument.region)
            for argument in task.arguments
            if argument.kind in writes and not argument.region.manual
        ]
    return found


def looked_up(
    argument: Argument, task: Task, entries: list[tuple[int, Region]], owner: int | None
) -> tuple[set[int], list[tuple[int, Region]]]:
    """The tasks whose entries overlap, and the entries that stay."""
    overlap_of = box_overlap if task.is_of_march else stride_overlap
    writers = set()
    kept = []
    for writer, written in entries:
        overlap = "none"
        if written.buffer == argument.region.buffer:
            newer = argument.region.version > written.version
            overlap = "part" if newer else overlap_of(argument.region, written)
        if overlap != "none":
            writers.add(writer)
        if argument.kind != INOUT or overlap != "covers" or writer == owner:
            kept.append((writer, written))
    return writers, kept


def tried(path: Path, programs: Sequence[Program]) -> list[int]:
    """Runs programs as one case; the numbers of those that lead to other edges than they must."""
    directory = GoldenDir(path)
    directory.golden(GOLDEN.format(buffers=2 * len(programs)))
    directory.kernel_config(CONFIG)
    (path / "kernels" / "nothing.cpp").write_text('extern "C" void kernel_entry(long*) {}\n')
    (path / "kernels" / "orchestration.cpp").write_text(ORCHESTRATION)
    code = [len(programs), *(number for program in programs for number in program.code)]
    np.save(path / "code.npy", np.array(code, dtype=np.int32))
    command = ["graph", "-k", str(path / "kernels"), "-g", str(path / "golden.py")]
    if main([*command, "-o", str(path / "graph.json")]) != 0:
        return list(range(len(programs)))
    edges = json.loads((path / "graph.json").read_text(encoding="utf-8"))["edges"]
    actual = {(edge["from"], edge["to"]) for edge in edges}
    wrong = []
    first = 0
    for number, program in enumerate(programs):
        last = first + len(program.tasks)
        its = {(a - first, b - first) for a, b in actual if first <= b < last}
        if its != edges_of(program):
            wrong.append(number)
        first = last
    return wrong


def trials(path: Path, count: int, seed: int = 0) -> list[str]:
    """The names of wrong programs of a number of them."""
    wrong = []
    for begin in range(0, count, PROGRAMS_OF_A_RUN):
        seeds = [f"{seed}-{i}" for i in range(begin, min(begin + PROGRAMS_OF_A_RUN, count))]
        programs = [Program(Random(each)) for each in seeds]
        wrong += [seeds[number] for number in tried(path, programs)]
    return wrong


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        wrong_ones = trials(Path(made), int(sys.argv[1]))
    sys.exit(f"wrong: {wrong_ones}" if wrong_ones else 0)
