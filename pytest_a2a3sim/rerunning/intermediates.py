"""A second run that shows what tasks leave in the memory that the orchestration describes."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.comparing.compare import compare
from pytest_a2a3sim.comparing.diagnose.diagnosis import diagnose
from pytest_a2a3sim.engine.host_memory import HostMemory
from pytest_a2a3sim.loading.tensors import as_tensor, describe
from pytest_a2a3sim.model.diff import Pair
from pytest_a2a3sim.model.errors import GoldenError, Mismatch
from pytest_a2a3sim.model.failure import Failure
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.intermediate import Intermediate, Intermediates
from pytest_a2a3sim.model.lines import line
from pytest_a2a3sim.reporting.brief import intermediate_summary
from pytest_a2a3sim.reporting.intermediate_text import all_match_line, first_task_lines
from pytest_a2a3sim.reporting.text import verdict_line, where_lines
from pytest_a2a3sim.rerunning.sanitizing import with_lines
from pytest_a2a3sim.running.dump import dump_file, observing
from pytest_a2a3sim.running.run import run_silently

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pytest_a2a3sim.model.dump import Description, RawDump
    from pytest_a2a3sim.model.recording import Completion
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.tensor import Bytes
    from pytest_a2a3sim.running.run import CaseSetup
    from pytest_a2a3sim.running.time_limit import TimeLimit


@frozen
class Look:
    """What is needed to look at the intermediates of a case.

    Attributes:
        setup: of its first run.
        limit: of the case.
    """

    golden: GoldenSpec
    case: CaseSpec
    settings: Settings
    setup: CaseSetup
    limit: TimeLimit

    def at(self, expected: Mapping[str, Any], described: int) -> Intermediates:
        """Compares what compute_golden returned by name with what tasks leave.

        Args:
            expected: what it returned.
            described: how many ranges the orchestration describes.

        Raises:
            GoldenError: a value is not what is described.
        """
        if not described:
            return Intermediates(findings=tuple(_undescribed(expected, {})))
        with dump_file() as descriptor:
            options = observing(self.setup.options, descriptor, self.settings.dump_limit)
            setup = replace(self.setup, options=options)
            with HostMemory(setup.inputs) as memory:
                ended = run_silently(setup, memory, self.limit)
            if why := _why_not(ended):
                return Intermediates(findings=(f"intermediates were not compared: {why}",))
            assert ended.dump is not None  # noqa: S101 - it was asked for
            return self._compared(expected, _Kept(ended.dump, descriptor))

    def _compared(self, expected: Mapping[str, Any], kept: _Kept) -> Intermediates:
        found: list[Intermediate] = []
        findings = list(_undescribed(expected, kept.by_name))
        for name, value in expected.items():
            for wanted in self._wanted(name, value, kept):
                if wanted.state is None:
                    findings.append(wanted.why)
                else:
                    found.append(self._intermediate(wanted, wanted.state, kept))
        found.sort(key=lambda each: each.step)
        return Intermediates(tuple(found), tuple(findings))

    def _wanted(self, name: str, value: Any, kept: _Kept) -> Iterator[_Wanted]:
        """Each array, and the state of a described range that it is compared with."""
        numbers = kept.by_name.get(name, ())
        if not numbers:
            return
        values: Sequence[Any] = [value]
        if len(numbers) > 1:
            what = f"as many arrays as the orchestration describes: {len(numbers)}"
            values = self._several(name, value, len(numbers), what)
        for index, (number, each) in enumerate(zip(numbers, values, strict=True)):
            label = name if len(numbers) == 1 else f"{name}[{index}]"
            yield from self._of_range(label, each, number, kept)

    def _of_range(self, label: str, value: Any, number: int, kept: _Kept) -> Iterator[_Wanted]:
        if value is None:
            return
        states = kept.states[number]
        if not states:
            why = (
                f"{label} was not compared: no task has an address in it among its arguments that "
                "lies in no smaller described range"
            )
            yield _Wanted(label, value, number, None, why)
            return
        if not isinstance(value, (list, tuple)):
            changes = [state for state in states if state.is_changed]
            yield _Wanted(label, value, number, changes[-1] if changes else states[0])
            return
        what = f"an array, or one for each task that has an address in it: {len(states)}"
        values = self._several(label, value, len(states), what)
        for state, each in zip(states, values, strict=True):
            if each is not None:
                task = kept.raw.tasks[state.step].task
                yield _Wanted(f"{label} after task {task}", each, number, state)

    def _several(self, label: str, value: Any, count: int, what: str) -> Sequence[Any]:
        if isinstance(value, (list, tuple)) and len(value) == count:
            return value
        got = f"{len(value)} of them" if isinstance(value, (list, tuple)) else describe(value)
        raise self._error(f"{label!r} must be {what}; got {got}")

    def _intermediate(self, wanted: _Wanted, state: _State, kept: _Kept) -> Intermediate:
        described = kept.raw.descriptions[wanted.number]
        try:
            tensor = as_tensor(wanted.label, wanted.value)
        except GoldenError as error:
            raise self._error(error.message) from None
        if (tensor.dtype, tensor.shape) != (described.dtype, described.shape):
            raise self._error(
                f"{wanted.label!r} is a {describe(wanted.value)}, and the orchestration describes "
                f"{described.dtype} of shape {described.shape}"
            )
        tolerance = self.golden.tolerances.of(described.name, tensor.dtype)
        pair = Pair(tensor, kept.bytes_of(state, described), tensor.raw(), tolerance)
        threads = self.settings.comparing_threads
        task = kept.raw.tasks[state.step]
        kernels = {kernel.spec.func_id: kernel.spec.name for kernel in self.setup.built.kernels}
        return Intermediate(
            task=task.task,
            kernel=kernels[task.func_id],
            step=state.step,
            is_changed=state.is_changed,
            diff=diagnose(pair, compare(pair, threads), threads),
        )

    def _error(self, problem: str) -> GoldenError:
        return GoldenError(
            f"golden.py: compute_golden, case {self.case.name!r}: {problem}\n"
            f"  in {self.golden.path}"
        )


@frozen
class _State:
    """What a task that gets a described range left in it; ``step`` is how many ran before it."""

    step: int
    position: int
    is_changed: bool


@frozen
class _Wanted:
    """An array of compute_golden, and what it is compared with; None with the reason why not."""

    label: str
    value: Any
    number: int
    state: _State | None
    why: str = ""


class _Kept:
    """What the run has kept."""

    def __init__(self, raw: RawDump, descriptor: int) -> None:
        self.raw = raw
        self._descriptor = descriptor
        self.by_name: dict[str, list[int]] = defaultdict(list)
        for number, description in enumerate(raw.descriptions):
            if description.tensor is None:
                self.by_name[description.name].append(number)
        self.states: dict[int, list[_State]] = defaultdict(list)
        for step, task in enumerate(raw.tasks):
            for index in dict.fromkeys(task.ranges):
                self._note(step, index)

    def _note(self, step: int, index: int | None) -> None:
        described = None if index is None else self.raw.ranges[index]
        if described is None or described.description is None:
            return
        states = self.states[described.description]
        if described.left is not None:
            states.append(_State(step, described.left, described.changed))
        elif states and not described.changed:
            states.append(replace(states[-1], step=step, is_changed=False))

    def bytes_of(self, state: _State, described: Description) -> Bytes:
        """The bytes of a state."""
        read = os.pread(self._descriptor, described.size, state.position)
        while len(read) < described.size:
            more = os.pread(
                self._descriptor, described.size - len(read), state.position + len(read)
            )
            if not more:
                raise GoldenError("the case has overwritten the file that its intermediates are in")
            read += more
        return np.frombuffer(read, np.uint8)


def _why_not(ended: Completion | Failure) -> str:
    """Why a run cannot tell; empty if it can."""
    if isinstance(ended, Failure):
        return "the case failed when it was run again to look at them"
    if ended.dump is not None and ended.dump.error:
        return f"there was no room for them: {ended.dump.error}"
    if ended.dump is not None and ended.dump.left_out:
        return "what tasks leave in described memory takes more than --sim-dump-limit allows"
    return ""


def _undescribed(
    expected: Mapping[str, Any], described: Mapping[str, Sequence[int]]
) -> Iterator[str]:
    names = [name for name in expected if name not in described]
    if names:
        yield (
            f"compute_golden returns {', '.join(map(repr, names))}, which the orchestration does "
            f"not describe: it describes {', '.join(map(repr, described)) or 'nothing'}"
        )


def judged(result: CaseResult, found: Intermediates) -> CaseResult:
    """The result of a case of which intermediates were compared, too."""
    result = replace(
        result, intermediates=found.compared, findings=(*result.findings, *found.findings)
    )
    first = first_task_lines(found)
    if not first:
        if found.compared and isinstance(result.failure, Mismatch):
            last = (line(""), all_match_line(found))
            return replace(result, failure=with_lines(result.failure, last))
        return result
    if isinstance(result.failure, Mismatch):
        lines = (*first, line(""), *result.failure.lines)
        summary = intermediate_summary(found.wrong[0], result.failure.summary)
        return replace(result, failure=type(result.failure)(lines, result.failure.diffs, summary))
    where = where_lines(result)
    outputs = (line(verdict_line(diff)) for diff in result.diffs)
    lines = (first[0], *where, *first[1:], line(""), *outputs)
    summary = intermediate_summary(found.wrong[0], "")
    return replace(result, failure=Mismatch(lines, result.diffs, summary))
