"""compute_golden, or the files that PyPTO keeps beside it -> expected outputs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pytest_a2a3sim.loading.imported import imports_of
from pytest_a2a3sim.loading.inputs import own_copy
from pytest_a2a3sim.loading.kept_outputs import kept_outputs
from pytest_a2a3sim.loading.user_code import user_code
from pytest_a2a3sim.model.case import Expected
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.tensor import as_torch, raw_bytes, same_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import CaseInputs
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.tensor import Bytes, Tensor


class Lender(Protocol):
    """Who has the tensors of a case in memory."""

    def lend(self, name: str) -> Bytes:
        """A copy of an input's bytes, to be written to, that is there already."""

    def is_zero(self, name: str) -> bool:
        """Whether it is known that all bytes of a tensor are zero."""


def compute_expected(
    golden: GoldenSpec, case: CaseSpec, inputs: CaseInputs, lender: Lender | None = None
) -> Expected:
    """Calls compute_golden on copies of the inputs, which the device never sees.

    Large inputs are those that `lender` has, if it is given.

    Where it raises NotImplementedError or NameError, as PyPTO's does if it could not be taken out
    of the program, the outputs that PyPTO keeps in ``data/out`` are expected.

    Raises:
        GoldenError: compute_golden raised, or replaced an output instead of writing into it.
    """
    with user_code(golden.path, f"compute_golden failed for case {case.name!r}"):
        try:
            handed, given, returned = _computed(golden, case, inputs, lender)
        except (NotImplementedError, NameError) as error:
            kept = None if isinstance(error, UnboundLocalError) else kept_outputs(golden, inputs)
            if kept is None:
                raise
            raw = {name: kept[name] for name in inputs.outputs}
            note = (
                f"expected outputs are those of {len(raw)} file{'s' * (len(raw) > 1)} in data/out: "
                f"compute_golden raises {type(error).__name__}: {error}"
            )
            return Expected(raw, _untouched(inputs, raw), notes=(note,))
    raw = {}
    for name in inputs.outputs:
        if given.get(name) is not handed[name]:
            raise GoldenError(
                f"golden.py: compute_golden, case {case.name!r}: tensors[{name!r}] was replaced; "
                f"write into it instead: `tensors[{name!r}][...] = values`\n  in {golden.path}"
            )
        raw[name] = raw_bytes(handed[name])
    return Expected(raw, _untouched(inputs, raw), _intermediates(returned, inputs))


def _computed(
    golden: GoldenSpec, case: CaseSpec, inputs: CaseInputs, lender: Lender | None
) -> tuple[dict[str, Any], dict[str, Any], object]:
    """What compute_golden was handed, what it left of that dict, and what it returned.

    It is handed what its author made. The PTO runtime hands it torch tensors whatever that is: a
    function that needs them gets them at the second call.
    """

    def called(handed: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any], object]:
        given = dict(handed)
        return handed, given, golden.compute_golden(given, own_copy(case.params))

    def copies() -> dict[str, Any]:
        return {name: tensor.copy() for name, tensor in inputs.tensors.items()}

    def handed(tensor: Tensor) -> Any:
        if lender is None or not (tensor.is_large and tensor.is_in_c_order):
            return tensor.copy()
        if tensor.name not in inputs.outputs:
            return tensor.revive(lender.lend(tensor.name))
        return tensor.zeros() if lender.is_zero(tensor.name) else tensor.copy()

    def lent() -> dict[str, Any]:
        return {name: handed(tensor) for name, tensor in inputs.tensors.items()}

    try:
        return called(lent())
    except (AttributeError, TypeError) as error:
        if not _may_want_torch(golden, inputs):
            raise
        first = error
    try:
        return called({name: as_torch(array) for name, array in copies().items()})
    except Exception:  # noqa: BLE001 - the first one is the author's
        raise first from None


def _may_want_torch(golden: GoldenSpec, inputs: CaseInputs) -> bool:
    if "torch" not in sys.modules:
        return False
    imported = imports_of(str(golden.path), "")
    has_numpy = any(isinstance(tensor.original, np.ndarray) for tensor in inputs.tensors.values())
    return has_numpy and "torch" in imported.early | imported.late


def _untouched(inputs: CaseInputs, raw: Mapping[str, Bytes]) -> tuple[str, ...]:
    """Outputs of which nothing else is expected than what generate_inputs made."""
    return tuple(
        name
        for name in inputs.outputs
        if inputs.tensors[name].nbytes and same_bytes(raw[name], inputs.tensors[name].raw())
    )


def _intermediates(returned: object, inputs: CaseInputs) -> dict[str, Any]:
    """What was returned by name, tensors aside; anything but a dict has no meaning."""
    if not isinstance(returned, dict):
        return {}
    return {
        name: value
        for name, value in returned.items()
        if isinstance(name, str) and name not in inputs.tensors
    }
