"""Which device memory, that nobody wrote, outputs depend on.

Fresh device memory is filled with a poison. Two runs that are alike but for the poison of one
buffer and leave different outputs prove that something read that buffer before it was written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.comparing.orders import OrderComparison
from pytest_a2a3sim.comparing.unwritten import find_unwritten, without_unwritten
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.failures.symbolize import Symbolizer
from pytest_a2a3sim.failures.words import source_of
from pytest_a2a3sim.model.case import Pointer
from pytest_a2a3sim.model.diff import UnwrittenRead
from pytest_a2a3sim.model.errors import EngineError
from pytest_a2a3sim.model.recording import Completion
from pytest_a2a3sim.running.replay import with_other_poison
from pytest_a2a3sim.running.run import run_silently

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.comparing.unwritten import Suspect
    from pytest_a2a3sim.model.diff import OrderDifference, Pair, Unwritten
    from pytest_a2a3sim.model.tensor import Bytes
    from pytest_a2a3sim.running.replay import Ranges
    from pytest_a2a3sim.running.run import CaseSetup

    Outputs = Mapping[str, Bytes]

_MOST_BYTES = 16 << 20  # of outputs: those of five runs are kept at a time
_PATIENCE = 2.0  # seconds without progress, after which a run shows nothing


def examine(
    suspects: Sequence[Suspect], setup: CaseSetup, completion: Completion
) -> list[Unwritten]:
    """Elements of the suspects that hold device memory which nobody wrote.

    Args:
        suspects: of a first run.
        setup: of that run.
        completion: how it ended.

    Returns:
        What a second run has shown; nothing where there is none (the case is not isolated), or
        where it failed.
    """
    if not suspects:
        return []
    again = with_other_poison(setup)
    if again is None:  # nothing is proven: the report shows the bytes
        return []
    found = find_unwritten(suspects, again)
    if not found:
        return []
    own = with_other_poison(setup, _buffers_of_outputs(setup, completion))
    return found if own is None else find_unwritten(suspects, again, own)


def find_unwritten_read(
    pairs: Sequence[Pair], setup: CaseSetup, completion: Completion
) -> UnwrittenRead | None:
    """The first device buffer whose content at the beginning outputs depend on.

    Args:
        pairs: the outputs, and which elements of them count.
        setup: of a first run.
        completion: how it ended.
    """
    small = sum(setup.inputs.tensors[name].nbytes for name in setup.inputs.outputs) <= _MOST_BYTES
    if not setup.options.isolate or not completion.buffers or not small:
        return None
    runs = _Runs(setup)
    usual = runs.outputs(())
    own = runs.outputs(_buffers_of_outputs(setup, completion))
    if usual is None or own is None:
        return None
    changes = _Changes(without_unwritten(pairs, usual, own), setup)
    found = _first_buffer(runs, changes, usual, completion.buffers)
    if found is None:
        return None
    # Both once more: a kernel that is not deterministic proves nothing.
    number, below, above = found
    repeated = runs.outputs(_first(number))
    completed = runs.run(_first(number + 1), described=number)
    if repeated is None or completed is None:
        return None
    if changes.between(below, repeated) or changes.between(above, completed[1]):
        return None
    return _read_of(completed[0], setup, changes.between(below, above))


def _first(count: int) -> Ranges:
    return ((0, count),)


def _first_buffer(
    runs: _Runs, changes: _Changes, usual: Outputs, buffers: int
) -> tuple[int, Outputs, Outputs] | None:
    """The number of a buffer whose poison matters, and what is left without and with the other one.

    All buffers before it have the other one in both runs.
    """
    low, high = 0, buffers
    below, above = usual, runs.outputs(_first(high))
    if above is None or not changes.between(below, above):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        outputs = runs.outputs(_first(middle))
        if outputs is None:
            return None
        if changes.between(usual, outputs):
            high, above = middle, outputs
        else:
            low, below = middle, outputs
    return low, below, above


class _Runs:
    """Runs on one thread, in one and the same order."""

    def __init__(self, setup: CaseSetup) -> None:
        patience = min(setup.options.hang_timeout, _PATIENCE)
        options = replace(setup.options, threads=1, orders=(), hang_timeout=patience)
        self._setup = replace(setup, options=options)

    def outputs(self, other_poison: Ranges) -> Outputs | None:
        """What a run leaves where those buffers are filled with the other poison."""
        ended = self.run(other_poison)
        return None if ended is None else ended[1]

    def run(
        self, other_poison: Ranges, described: int | None = None
    ) -> tuple[Completion, Outputs] | None:
        """The same, and how the run ended; None if it failed."""
        setup = self._setup
        options = replace(setup.options, other_poison=other_poison, described=described)
        with HostMemory(setup.inputs) as memory:
            try:
                ended = run_silently(replace(setup, options=options), memory)
            except EngineError:
                return None
            if not isinstance(ended, Completion):
                return None
            return ended, {name: memory.keep(name) for name in setup.inputs.outputs}


class _Changes:
    """What differs between the outputs of two runs."""

    def __init__(self, pairs: Sequence[Pair], setup: CaseSetup) -> None:
        self._comparison = OrderComparison(pairs)
        self._orders = (setup.options.schedule, setup.options.schedule)

    def between(self, one: Outputs, other: Outputs) -> tuple[OrderDifference, ...]:
        return self._comparison.differences(self._orders, one, other)


def _buffers_of_outputs(setup: CaseSetup, completion: Completion) -> Ranges:
    outputs = setup.inputs.outputs
    numbers = {item.buffer for item in completion.copied if item.tensor in outputs}
    return tuple((number, number + 1) for number in sorted(numbers))


def _read_of(
    completion: Completion, setup: CaseSetup, changed: tuple[OrderDifference, ...]
) -> UnwrittenRead | None:
    use, inputs = completion.use, setup.inputs
    if use is None:
        return None
    names = {kernel.spec.func_id: kernel.spec.name for kernel in setup.built.kernels}
    frames = Symbolizer(completion.objects, setup.built.paths).backtrace(use.addresses)
    source, line = source_of(frames)
    arguments = [item.tensor for item in inputs.arguments if isinstance(item, Pointer)]
    copied_to = [item.tensor for item in completion.copied if item.buffer == use.buffer]
    return UnwrittenRead(
        use=use,
        kernels=tuple(names[func_id] for _, func_id in use.tasks),
        source=None if source is None else f"{source}:{line}",
        changed=changed,
        copied_to=tuple(dict.fromkeys(copied_to)),
        not_copied=tuple(
            name
            for name in arguments
            if name not in inputs.outputs
            and name not in use.tensors
            and inputs.tensors[name].nbytes == use.size
        ),
    )
