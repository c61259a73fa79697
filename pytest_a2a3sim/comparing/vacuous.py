"""What makes a golden prove nothing, or less than its author thinks."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.native_compare import Pair, measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_a2a3sim.loading.inputs import CaseInputs, Expected
    from pytest_a2a3sim.loading.tensors import Bytes, Tensor
    from pytest_a2a3sim.running.host_memory import HostMemory
    from pytest_a2a3sim.running.recording import RunOutcome
    from pytest_a2a3sim.spec import GoldenSpec, Tolerance

_PROBE = 4096  # elements that decide whether all are worth a look


def find_vacuous(
    golden: GoldenSpec,
    inputs: CaseInputs,
    expected: Expected,
    memory: HostMemory,
    outcome: RunOutcome,
) -> tuple[str, ...]:
    """One remark for each thing about a case that would let a wrong kernel pass."""
    return (
        *_untouched(expected),
        *_not_copied_back(inputs, outcome),
        *(
            remark
            for name in inputs.outputs
            if name not in expected.untouched
            for remark in _output(golden, inputs.tensors[name], expected.raw[name], memory)
        ),
        *_changed_inputs(inputs, outcome),
    )


def _untouched(expected: Expected) -> Iterator[str]:
    for name in expected.untouched:
        yield (
            f"compute_golden wrote nothing into output {name!r}: what generate_inputs put there "
            "was compared with the device's result instead"
        )


def _not_copied_back(inputs: CaseInputs, outcome: RunOutcome) -> Iterator[str]:
    for name in inputs.outputs:
        nbytes, copied = inputs.tensors[name].nbytes, outcome.copied_bytes(name)
        if copied < nbytes:
            yield (
                f"output {name!r} was not copied back from the device: {copied} of {nbytes} bytes "
                "are covered by record_tensor_pair"
            )


def _changed_inputs(inputs: CaseInputs, outcome: RunOutcome) -> Iterator[str]:
    changed = Counter[str]()
    for copied in outcome.copied:
        changed[copied.tensor] += copied.changed
    for name, tensor in inputs.tensors.items():
        if name not in inputs.outputs and changed[name]:
            yield (
                f"input {name!r} was changed by the run ({changed[name]} of {tensor.nbytes} bytes),"
                " but is no output: nothing checks it; add it to __outputs__"
            )


def _output(
    golden: GoldenSpec, tensor: Tensor, expected: Bytes, memory: HostMemory
) -> Iterator[str]:
    name = tensor.name
    if tensor.size == 0:
        yield f"output {name!r} is empty (shape {tensor.shape}): nothing is compared"
        return
    if np.array_equal(memory.bytes_of(name), tensor.raw()):
        yield f"the run left output {name!r} exactly as generate_inputs made it"
    if tensor.size == 1:
        return
    if _is_constant(tensor, expected):
        value = tensor.flat_numbers(expected[: tensor.nbytes // tensor.size])[0]
        yield f"every expected value of output {name!r} is {value}: misplaced elements would pass"
        return
    if _is_all_nan(tensor, expected):
        yield f"every expected value of output {name!r} is NaN"
        return
    tolerance = golden.tolerances.of(name)
    if _zeros_pass(tensor, expected, tolerance):
        yield (
            f"the tolerance of output {name!r} (rtol={tolerance.rtol:g}, atol={tolerance.atol:g}) "
            "is so wide that zeros would pass"
        )


def _is_constant(tensor: Tensor, expected: Bytes) -> bool:
    elements = expected.reshape(tensor.size, -1)
    return all(bool((part == elements[0]).all()) for part in (elements[:_PROBE], elements))


def _is_all_nan(tensor: Tensor, expected: Bytes) -> bool:
    if tensor.dtype == "bool" or "int" in tensor.dtype:
        return False
    probe = _PROBE * (tensor.nbytes // tensor.size)
    return all(
        bool(np.isnan(tensor.flat_numbers(part)).all()) for part in (expected[:probe], expected)
    )


def _zeros_pass(tensor: Tensor, expected: Bytes, tolerance: Tolerance) -> bool:
    """Whether a result of zeros would match."""
    if tensor.dtype == "bool":
        return False
    first = dataclasses.replace(tensor, shape=(min(_PROBE, tensor.size),))
    for part in (first, tensor):
        zeros = np.zeros(part.size * (tensor.nbytes // tensor.size), np.uint8)
        if measure(Pair(part, zeros, expected, tolerance)).mismatched:
            return False
    return True
