"""compare_outputs: which elements of outputs are compared, where the device decides about it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.loading.inputs import own_copy
from pytest_a2a3sim.loading.kept_outputs import kept_file
from pytest_a2a3sim.loading.tensors import describe
from pytest_a2a3sim.loading.user_code import user_code, user_traceback
from pytest_a2a3sim.model.errors import GoldenError, Mismatch
from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.model.tensor import is_torch_tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.diff import Pair
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec


def choose_compared(golden: GoldenSpec, case: CaseSpec, pairs: Sequence[Pair]) -> list[Pair]:
    """Asks golden.py which elements of its outputs are to be compared.

    Args:
        golden: the golden directory.
        case: one of its cases.
        pairs: its outputs, and what is expected of them.

    Returns:
        The same pairs where golden.py has no ``compare_outputs``; else pairs whose ``compared``
        says what it chose; none where it has compared the outputs by itself.

    Raises:
        Mismatch: it says that they do not match.
        GoldenError: it raised anything but an AssertionError, or returned something that has no
            meaning.
    """
    if golden.compare_outputs is None:
        return list(pairs)
    chosen = _ask(golden, case, pairs)
    if chosen is None:
        return []
    try:
        masks = {name: _mask(name, index, pairs) for name, index in chosen.items()}
    except GoldenError as error:
        raise GoldenError(
            f"golden.py: compare_outputs, case {case.name!r}: {error.message}\n  in {golden.path}"
        ) from None
    return [
        _restricted(pair, masks[pair.tensor.name], "by compare_outputs")
        if pair.tensor.name in masks
        else pair
        for pair in pairs
    ]


def without_dont_care(golden: GoldenSpec, pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs, without elements of which nothing is expected.

    PyPTO's own harness takes NaN in expected outputs for that: a kernel leaves the rest of a tile
    undefined. So does this for outputs that PyPTO keeps in ``data/out``.
    """
    found = []
    for pair in pairs:
        is_float = pair.tensor.dtype.startswith(("float", "bfloat"))
        if is_float and kept_file(golden, pair.tensor.name).is_file():
            matters = ~np.isnan(pair.tensor.flat_numbers(pair.expected))
            restricted = _restricted(pair, matters, "as NaN in data/out")
            found.append(pair if matters.all() else restricted)
        else:
            found.append(pair)
    return found


def _ask(golden: GoldenSpec, case: CaseSpec, pairs: Sequence[Pair]) -> dict[Any, Any] | None:
    """What compare_outputs chose; None where it compared the outputs by itself."""
    assert golden.compare_outputs is not None  # noqa: S101 - nobody asks otherwise
    actual = {pair.tensor.name: pair.tensor.revive(pair.actual.copy()) for pair in pairs}
    expected = {pair.tensor.name: pair.tensor.revive(pair.expected.copy()) for pair in pairs}
    failed: AssertionError | None = None
    answer = None
    with user_code(golden.path, f"compare_outputs failed for case {case.name!r}"):
        try:
            answer = golden.compare_outputs(actual, expected, own_copy(case.params))
        except AssertionError as error:
            failed = error
    if failed is not None:
        raise _mismatch(golden, case, str(failed), user_traceback(failed))
    if answer is None or isinstance(answer, dict):
        return answer
    if isinstance(answer, (bool, np.bool_)):  # as in `return np.allclose(...)`
        if answer:
            return None
        raise _mismatch(golden, case, "it returned False")
    raise GoldenError(
        f"golden.py: compare_outputs, case {case.name!r}: it must return a dict, output -> index "
        f"of the elements that are compared, or None; got {describe(answer)}\n  in {golden.path}"
    )


def _mismatch(golden: GoldenSpec, case: CaseSpec, reason: str, details: str = "") -> Mismatch:
    first, *rest = reason.strip().splitlines() or ["an assertion failed"]
    lines = [
        line(f"compare_outputs says that the outputs do not match: {first}", "headline"),
        line(f"  case {case.name!r}"),
        line(f"  in {golden.path}"),
        *map(line, details.splitlines() or rest),
    ]
    return Mismatch(tuple(lines), ())


def _mask(name: object, index: Any, pairs: Sequence[Pair]) -> npt.NDArray[np.bool_]:
    tensors = {pair.tensor.name: pair.tensor for pair in pairs}
    if name not in tensors:
        known = ", ".join(map(repr, tensors))
        raise GoldenError(f"it returned {name!r}, which is not among the outputs: {known}")
    mask = np.zeros(tensors[str(name)].shape, bool)
    parts = tuple(map(_plain, index)) if isinstance(index, tuple) else _plain(index)
    try:
        mask[parts] = True
    except (IndexError, TypeError, ValueError) as error:
        raise GoldenError(
            f"it returned {describe(index)} for {name!r}, which is no index of an array of shape "
            f"{mask.shape}: {error}"
        ) from None
    return mask.reshape(-1)


def _plain(index: Any) -> Any:
    return index.numpy() if is_torch_tensor(index) else index


def _restricted(pair: Pair, compared: npt.NDArray[np.bool_], why_not: str) -> Pair:
    tensor = pair.tensor
    if not tensor.size:
        return pair
    if pair.compared is not None:
        compared = compared & pair.compared
        why_not = f"{pair.why_not} and {why_not}"
    actual = pair.actual.copy()
    elements = f"u{tensor.nbytes // tensor.size}"
    np.copyto(actual.view(elements), pair.expected.view(elements), where=~compared)
    return dataclasses.replace(pair, actual=actual, compared=compared, why_not=why_not)
