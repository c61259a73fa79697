"""The data of a case, made when somebody asks first, or ahead of that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.loading.expected import compute_expected
from pytest_a2a3sim.loading.inputs import make_inputs
from pytest_a2a3sim.model.errors import A2A3SimError
from pytest_a2a3sim.model.tensor import same_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from pytest_a2a3sim.loading.expected import Lender
    from pytest_a2a3sim.model.case import CaseInputs, Expected
    from pytest_a2a3sim.model.phases import Phases
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.tensor import Bytes
    from pytest_a2a3sim.model.uses import GoldenStore


_MOST_KEPT = 256 << 20  # bytes


class CaseData:
    """The inputs of a case, and what is expected of it.

    Attributes:
        made: the inputs, if they have been made.
        store: of what was expected before, if it is to be used.
        origin: where what is expected comes from, if there is a store.
    """

    def __init__(
        self,
        golden: GoldenSpec,
        case: CaseSpec,
        phases: Phases,
        within: Callable[[], AbstractContextManager[None]],
        around_inputs: Callable[[], AbstractContextManager[None]],
    ) -> None:
        """Makes nothing yet.

        Args:
            golden: of the case.
            case: whose functions are called.
            phases: get the times of ``inputs`` and ``golden``.
            within: makes what is around the author's code.
            around_inputs: makes what is around generate_inputs besides.
        """
        self.made: CaseInputs | None = None
        self.store: GoldenStore | None = None
        self.origin: str | None = None
        self._golden = golden
        self._case = case
        self._phases = phases
        self._within = within
        self._around_inputs = around_inputs
        self._expected: Expected | None = None
        self._problem: A2A3SimError | None = None

    def ahead(self) -> Iterator[str]:
        """Makes the inputs, then what is expected; says so before each.

        The case works on what generate_inputs returned, whatever compute_golden does with arrays
        that golden.py keeps: very large ones wait until the case has them. What fails is told to
        those who ask later.
        """
        try:
            yield "inputs"
            inputs = self.inputs()
            if sum(tensor.nbytes for tensor in inputs.tensors.values()) > _MOST_KEPT:
                return
            yield "golden"
            kept = {name: tensor.raw().copy() for name, tensor in inputs.tensors.items()}
            self.expected(inputs)
            self.made = _as_they_were(inputs, kept)
        except A2A3SimError as error:
            self._problem = error

    def inputs(self) -> CaseInputs:
        """The inputs.

        Raises:
            A2A3SimError: they cannot be made.
        """
        if self.made is None:
            self._raise_problem()
            with self._phases.phase("inputs"), self._within(), self._around_inputs():
                self.made = make_inputs(self._golden, self._case)
        return self.made

    def expected(self, inputs: CaseInputs, lender: Lender | None = None) -> Expected:
        """What is expected with these inputs; for `lender` see :func:`compute_expected`.

        Raises:
            A2A3SimError: it cannot be computed.
        """
        if self._expected is None:
            self._raise_problem()
            with self._phases.phase("golden"), self._within():
                self._expected = self._stored_or_computed(inputs, lender)
        return self._expected

    def _raise_problem(self) -> None:
        if self._problem is not None:
            raise self._problem

    def _stored_or_computed(self, inputs: CaseInputs, lender: Lender | None) -> Expected:
        if self.store is None:
            return compute_expected(self._golden, self._case, inputs, lender)
        from pytest_a2a3sim.loading.stored import stored_or_computed  # noqa: PLC0415 - only on demand

        expected, self.origin = stored_or_computed(
            self._golden, self._case, inputs, self.store, lender
        )
        return expected


def _as_they_were(inputs: CaseInputs, kept: Mapping[str, Bytes]) -> CaseInputs:
    changed = {
        name: replace(tensor, original=tensor.revive(kept[name]))
        for name, tensor in inputs.tensors.items()
        if not same_bytes(tensor.raw(), kept[name])
    }
    for name, tensor in changed.items():
        if inputs.tensors[name].is_read_only:
            tensor.original.flags.writeable = False
    return replace(inputs, tensors={**inputs.tensors, **changed}) if changed else inputs
