"""Faults that random golden directories can have, each with the kinds of failure that it may be.

A fault changes a directory and returns the kinds, or None where the directory has no place for it.
"passed" among them means that it may go unnoticed, because nothing that is compared depends on it.
"""

from __future__ import annotations

import dataclasses
import zlib
from typing import TYPE_CHECKING

import numpy as np

from tests.fuzz.directories import edge_line, possible_orders, results, reverse_order
from tests.fuzz.steps import OPERATIONS, Step, is_ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from tests.fuzz.directories import Directory

    Fault = Callable[[Directory, Random], "set[str] | None"]

ORDER = {"order", "mismatch", "unwritten-output"}
ANYTHING = {*ORDER, "passed"}
SAMPLED_ORDERS = 50
_KERNEL = """
#include <cstdint>
#include <cstdlib>
#include <stdexcept>

extern "C" void kernel_entry(int64_t* args) {{
    (void)args;
    {body}
}}
"""


def in_order(made: Directory, counts: Mapping[int, int] | None = None) -> list[bytes]:
    """What the outputs hold when the steps are executed one after the other."""
    return results(made, range(len(made.steps)), counts or {})


def right(made: Directory) -> list[bytes]:
    """What they should hold."""
    return in_order(dataclasses.replace(made, steps=made.meant, copied={}))


def _order_matters(made: Directory) -> bool:
    """Whether one of some orders that the edges allow leaves something else than is right."""
    expected = right(made)
    orders = [reverse_order(made), *possible_orders(made, SAMPLED_ORDERS)]
    return any(results(made, order, {}) != expected for order in orders)


def missing_edge(made: Directory, rng: Random) -> set[str] | None:
    for edge in rng.sample(made.edges, len(made.edges)):
        left = [other for other in made.edges if other != edge]
        before, after = edge
        if made.steps[before].disturbs(made.steps[after]) and not is_ordered(left, before, after):
            made.edges = left
            made.linked.remove(edge_line(made, edge))
            return ORDER if _order_matters(made) else ANYTHING
    return None


def part_of_an_input(made: Directory, rng: Random) -> set[str] | None:
    """The rest of it is never copied to the device."""
    i = rng.choice([*made.copies])
    made.copied[i] = rng.choice([0, made.count // 2, made.count - 1])
    size = made.copied[i] * made.nbytes // made.count
    made.copies[i] = made.copies[i].replace(" size)", f" {size})") if size else ""
    wrong = in_order(made) != right(made)
    return {"unwritten-output"} if wrong else {"passed"}


def part_of_a_step(made: Directory, rng: Random) -> set[str] | None:
    """A task works on an element less than it should."""
    step = rng.randrange(len(made.steps))
    made.lines[made.ids[step]] = made.task_line(step, str(made.count - 1))
    wrong = in_order(made, {step: made.count - 1}) != right(made)
    return {"mismatch", "unwritten-output"} if wrong else {"passed", "unwritten-output"}


def shared_buffer(made: Directory, rng: Random) -> set[str] | None:
    """Steps that have nothing to do with one another use one buffer in place of two."""
    able = sorted({step.target for step in made.steps}.difference(made.outputs))
    if len(able) < 2:
        return None
    one, other = rng.sample(able, 2)
    for number, step in enumerate(made.meant):
        reads = tuple(one if i == other else i for i in step.reads)
        target = one if step.target == other else step.target
        made.steps[number] = Step(step.operation, reads, target)
        made.lines[made.ids[number]] = made.task_line(number)
    if any(step.target in step.reads for step in made.steps):  # a kernel's own order decides
        return ANYTHING
    return ORDER if _order_matters(made) else ANYTHING


def accumulates(made: Directory, rng: Random) -> set[str] | None:
    """A task adds to memory that nobody wrote."""
    able = [
        number
        for number, step in enumerate(made.steps)
        if step.operation == "copy" and step.target not in {s.target for s in made.steps[:number]}
    ]
    if not able:
        return None
    number = rng.choice(able)
    made.steps[number] = dataclasses.replace(made.steps[number], operation="accumulate")
    made.lines[made.ids[number]] = made.task_line(number)
    made.use("accumulate")
    return {"unwritten-output"} if in_order(made) != right(made) else {"passed"}


def overrun(made: Directory, rng: Random) -> set[str] | None:
    step = rng.randrange(len(made.steps))
    more = rng.choice([1, 1, 2, 17, 100_000])
    made.lines[made.ids[step]] = made.task_line(step, str(made.count + more))
    return {"kernel-fault"}


def no_pair(made: Directory, rng: Random) -> set[str] | None:
    buffer = rng.choice(made.outputs)
    del made.pairs[buffer]
    initial = np.full(made.count, 77, made.dtype).tobytes()
    same = right(made)[made.outputs.index(buffer)] == initial
    return {"passed"} if same else {"unwritten-output"}


def half_twice(made: Directory, rng: Random) -> set[str] | None:
    """The first half of an output is copied back twice, and the other half never."""
    if made.count == 1:
        return None
    buffer = rng.choice(made.outputs)
    half = made.count // 2 * (made.nbytes // made.count)
    made.pairs[buffer] = made.pairs[buffer].replace(" size)", f" {half})") * 2
    return {"unwritten-output"}


def argument_fewer(made: Directory, rng: Random) -> set[str] | None:
    number = rng.choice(made.ids)
    line = made.lines[number]
    given = line.count(",") - line.partition("};")[2].count(",") + 1
    made.lines[number] = line.replace(f"(task{number}, {given},", f"(task{number}, {given - 1},")
    return {"kernel-fault"}


def wrong_expectation(made: Directory, rng: Random) -> set[str] | None:
    name = f"y{rng.choice(made.outputs)}"
    place = rng.randrange(made.count)
    made.extra = (
        "\n\n_compute = compute_golden\n\n\ndef compute_golden(tensors, params):\n"
        f"    _compute(tensors, params)\n    tensors[{name!r}].reshape(-1)[{place}] += 1\n"
    )
    return {"mismatch"}


def golden(body: str) -> Fault:
    def fault(made: Directory, _: Random) -> set[str] | None:
        made.extra = f"\n\ndef compute_golden(tensors, params):\n    {body}\n"
        return {"golden-error"}

    return fault


def ending(line: str, kind: str) -> Fault:
    """The orchestration ends with a line."""

    def fault(made: Directory, _: Random) -> set[str] | None:
        made.last.append(line)
        return {kind}

    return fault


def cycle(made: Directory, rng: Random) -> set[str] | None:
    if not made.edges:
        return None
    before, after = rng.choice(made.edges)
    made.linked.insert(rng.randint(0, len(made.linked)), edge_line(made, (after, before)))
    return {"graph-error"}


def unknown_kernel(made: Directory, rng: Random) -> set[str] | None:
    if len(made.config) == 1:
        return None
    del made.config[rng.choice([*made.config])]
    return {"graph-error"}


def wrong_core(made: Directory, rng: Random) -> set[str] | None:
    operation = rng.choice([*made.config])
    other = "aic" if OPERATIONS[operation][1] == "aiv" else "aiv"
    made.config[operation]["core_type"] = other
    return {"graph-error"}


def instead(text: str, kind: str) -> Fault:
    """A pointer of a task is replaced."""

    def fault(made: Directory, rng: Random) -> set[str] | None:
        step = rng.randrange(len(made.steps))
        pointer = f"address({rng.choice([*made.steps[step].reads, made.steps[step].target])})"
        number = made.ids[step]
        made.lines[number] = made.lines[number].replace(pointer, text)
        return {kind}

    return fault


def kernel_that(body: str, kind: str) -> Fault:
    """One more task runs a kernel that does something else."""

    def fault(made: Directory, rng: Random) -> set[str] | None:
        name = f"other_{zlib.crc32(body.encode()):08x}.cpp"
        made.kernels[name] = _KERNEL.format(body=body)
        made.config["other"] = {"func_id": 99, "source": name, "core_type": "aiv"}
        made.last.append("uint64_t other[] = {0};")
        made.last.append("runtime->add_task(other, 1, 99, CoreType::AIV);")
        if rng.random() < 0.5:
            made.last.append(f"runtime->add_successor({len(made.steps) - 1}, {len(made.steps)});")
        return {kind}

    return fault


def freed(made: Directory, rng: Random) -> set[str] | None:
    step = rng.choice(made.steps)
    buffer = rng.choice([*step.reads, step.target])
    if buffer in made.outputs:
        return None
    made.last.append(f"api.device_free(buffers[{buffer}]);")
    return {"kernel-fault"}


_HOST = "reinterpret_cast<void*>(args[0])"
FAULTS: dict[str, Fault] = {
    "a missing edge": missing_edge,
    "a shared buffer": shared_buffer,
    "an accumulator that nobody zeroed": accumulates,
    "half an output twice": half_twice,
    "an argument fewer": argument_fewer,
    "a part of an input": part_of_an_input,
    "a part of a step": part_of_a_step,
    "an overrun": overrun,
    "an output that is not copied back": no_pair,
    "a wrong expectation": wrong_expectation,
    "compute_golden raises": golden("raise ValueError(params)"),
    "compute_golden replaces": golden("tensors[__outputs__[0]] = 1"),
    "a cycle": cycle,
    "an unknown kernel": unknown_kernel,
    "the wrong core": wrong_core,
    "a null pointer": instead("uint64_t{0}", "kernel-fault"),
    "a host pointer": instead("args[0]", "kernel-fault"),
    "a pointer to the heap": instead("reinterpret_cast<uint64_t>(new char[size])", "graph-error"),
    "a pointer to the stack": instead("reinterpret_cast<uint64_t>(&args)", "graph-error"),
    "a freed buffer": freed,
    "a kernel that aborts": kernel_that("std::abort();", "kernel-fault"),
    "a kernel that exits": kernel_that("std::exit(0);", "kernel-exit"),
    "a kernel that throws": kernel_that('throw std::runtime_error("no");', "kernel-exception"),
    "a kernel that divides by zero": kernel_that(
        "volatile int zero = 0;\n    args[0] = 7 / zero;", "kernel-fault"
    ),
    "a kernel that does not compile": kernel_that("no such thing;", "build-error"),
    "an orchestration that returns an error": ending("return -3;", "orchestration-error"),
    "a task that does not exist": ending("runtime->add_successor(0, 99);", "graph-error"),
    "a copy that is too large": ending(
        f"api.copy_to_device(buffers[0], {_HOST}, size + 1);", "orchestration-error"
    ),
    "a copy the wrong way round": ending(
        f"api.copy_to_device({_HOST}, buffers[0], size);", "orchestration-error"
    ),
    "a pair the wrong way round": ending(
        f"runtime->record_tensor_pair(buffers[0], {_HOST}, size);", "orchestration-error"
    ),
    "a buffer freed twice": ending(
        "for (int i = 0; i < 2; ++i) api.device_free(buffers[0]);", "orchestration-error"
    ),
    "a write to the device by the host": ending("*buffers[0] = 1;", "orchestration-error"),
    "too many arguments": ending(
        "uint64_t many[17] = {};\n    runtime->add_task(many, 17, 0, CoreType::AIV);",
        "graph-error",
    ),
    "more memory than there is": ending(
        "for (;;) if (api.device_malloc(1 << 30) == nullptr) return 1;", "out-of-memory"
    ),
}
