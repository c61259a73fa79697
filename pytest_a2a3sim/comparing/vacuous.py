"""What makes a golden prove nothing, or less than its author thinks."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.engine.compare import measure
from pytest_a2a3sim.model.diff import Pair
from pytest_a2a3sim.model.tensor import same_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.case import CaseInputs, Expected
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.tensor import Bytes, Tensor
    from pytest_a2a3sim.model.tolerance import Tolerance

_PROBE = 4096  # elements that decide whether all are worth a look
_PART = 1 << 16  # elements that are looked at in one go: so many stay in a CPU's cache


def find_vacuous(
    pairs: Sequence[Pair], inputs: CaseInputs, expected: Expected, completion: Completion
) -> tuple[str, ...]:
    """One remark for each thing about a case that would let a wrong kernel pass.

    Args:
        pairs: every output and what is expected of it.
        inputs: what the case worked on.
        expected: what compute_golden wrote.
        completion: how the run ended.
    """
    return (
        *_untouched(expected),
        *_not_copied_back(inputs, completion),
        *(
            remark
            for pair in pairs
            if pair.tensor.name not in expected.untouched
            for remark in _output(pair)
        ),
        *_changed_inputs(inputs, completion),
    )


def _untouched(expected: Expected) -> Iterator[str]:
    for name in expected.untouched:
        yield (
            f"compute_golden wrote nothing into output {name!r}: what generate_inputs put there "
            "was compared with the device's result instead"
        )


def _not_copied_back(inputs: CaseInputs, completion: Completion) -> Iterator[str]:
    for name in inputs.outputs:
        nbytes, copied = inputs.tensors[name].nbytes, completion.copied_bytes(name)
        if copied < nbytes:
            yield (
                f"output {name!r} was not copied back from the device: {copied} of {nbytes} bytes "
                "are covered by record_tensor_pair"
            )


def _changed_inputs(inputs: CaseInputs, completion: Completion) -> Iterator[str]:
    changed = Counter[str]()
    for copied in completion.copied:
        changed[copied.tensor] += copied.changed
    for name, tensor in inputs.tensors.items():
        if name not in inputs.outputs and changed[name]:
            yield (
                f"input {name!r} was changed by the run ({changed[name]} of {tensor.nbytes} bytes),"
                " but is no output: nothing checks it; add it to __outputs__"
            )


def _output(pair: Pair) -> Iterator[str]:
    tensor, expected, tolerance = pair.tensor, pair.expected, pair.tolerance
    name = tensor.name
    if tensor.size == 0:
        yield f"output {name!r} is empty (shape {tensor.shape}): nothing is compared"
        return
    if pair.compared is not None and not pair.compared.any():
        yield f"compare_outputs left out every element of output {name!r}: nothing is compared"
        return
    if same_bytes(pair.actual, tensor.raw()):
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
    if _zeros_pass(tensor, expected, tolerance):
        yield (
            f"the tolerance of output {name!r} (rtol={tolerance.rtol:g}, atol={tolerance.atol:g}) "
            "is so wide that zeros would pass"
        )


def _is_constant(tensor: Tensor, expected: Bytes) -> bool:
    elements = expected.reshape(tensor.size, -1)
    return all(
        bool((elements[first : first + _PART] == elements[0]).all())
        for first in range(0, tensor.size, _PART)
    )


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
    count = min(_PROBE, tensor.size)
    itemsize = tensor.nbytes // tensor.size
    first = dataclasses.replace(tensor, shape=(count,), nbytes=count * itemsize)
    for part in (first, tensor) if tolerance.budget is None else (tensor,):
        zeros = Pair(part, np.zeros(part.nbytes, np.uint8), expected, tolerance)
        if measure(zeros).mismatched and not (tolerance.budget and compare(zeros).passed):
            return False
    return True
