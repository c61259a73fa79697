"""What the engine knows of a failure -> the typed error that says it in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.signals import fault_words, signal_of_fault
from pytest_a2a3sim.failures.symbolize import Symbolizer, demangled
from pytest_a2a3sim.failures.words import (
    argument_lines,
    backtrace_lines,
    culprit_lines,
    place_words,
    short_place,
    source_of,
)
from pytest_a2a3sim.model.errors import (
    BuildError,
    CorruptedState,
    Culprit,
    GraphError,
    KernelException,
    KernelExit,
    KernelFault,
    KernelHang,
    OrchestrationError,
    OutOfMemory,
    RunError,
)
from pytest_a2a3sim.model.lines import byte_count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.failures.symbolize import Frame
    from pytest_a2a3sim.model.case import BuiltCase
    from pytest_a2a3sim.model.errors import A2A3SimError
    from pytest_a2a3sim.model.failure import Ending, Failure, RunningTask
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.spec import KernelSpec

_ERRORS: dict[str, type[RunError]] = {
    "orchestration": OrchestrationError,
    "graph": GraphError,
    "kernel_fault": KernelFault,
    "kernel_exit": KernelExit,
    "kernel_exception": KernelException,
    "kernel_hang": KernelHang,
    "out_of_memory": OutOfMemory,
    "corrupted": CorruptedState,
}

_NOT_HEARD = (
    "  no address and no line are known: the thread had blocked that signal or ignored it "
    "(sigprocmask, pthread_sigmask, signal), or had damaged its stack"
)

_LOOK_FOR_WILD_WRITES = (
    (
        "  something wrote there: a wild pointer, or an overrun of memory that is not the device's "
        "(malloc, the stack, a static array)"
    ),
    (
        "  next: check the bounds of what kernels write; cxxflags -fsanitize=bounds "
        "-fsanitize-undefined-trap-on-error stop at a wrong index; valgrind finds overruns of "
        "malloc"
    ),
)


def error_of(
    failure: Failure, built: BuiltCase, schedule: Schedule, note: str | None = None
) -> A2A3SimError:
    """The typed error for a failed case.

    Args:
        failure: what is known.
        built: the objects that ran.
        schedule: the order in which they did.
        note: a last line for the message.
    """
    kernels = {kernel.spec.func_id: kernel.spec for kernel in built.kernels}
    ending = failure.ending
    if ending.failure == "load":
        return BuildError("\n".join([_load_message(ending, kernels), *schedule.repeat_lines]))
    calls = _Calls(failure, built)
    culprit = _culprit(failure, calls, kernels)
    kind = OutOfMemory if _device_was_full(ending) else _ERRORS[ending.failure]
    lines = [*_message(failure, calls, culprit, kernels), *schedule.repeat_lines]
    if note is not None:
        lines.append(f"  {note}")
    return kind("\n".join(lines), culprit)


class _Calls:
    """Backtraces of a failure's threads."""

    def __init__(self, failure: Failure, built: BuiltCase) -> None:
        symbolizer = Symbolizer(failure.objects, built.paths)
        thrown = failure.ending.signal_number == 0 and not failure.ending.hang_seconds
        self.at_fault = symbolizer.backtrace(failure.addresses, from_user=thrown)
        self._running = {
            task.task_id: symbolizer.backtrace(task.addresses) for task in failure.running
        }

    def of(self, task: RunningTask) -> tuple[Frame, ...]:
        return self._running[task.task_id]


def _culprit(failure: Failure, calls: _Calls, kernels: Mapping[int, KernelSpec]) -> Culprit:
    task = _only_running(failure)
    at_fault = failure.ending if task is None else task
    source, line = source_of(calls.at_fault or (() if task is None else calls.of(task)))
    place = failure.place
    in_buffer = place is not None and place.buffer is not None
    return Culprit(
        task=_known(at_fault.task_id),
        func_id=_known(at_fault.func_id),
        kernel=_kernel_name(at_fault.func_id, kernels),
        core=at_fault.core,
        source=source,
        line=line,
        buffer=place.buffer if place is not None and in_buffer else None,
        offset=place.offset if place is not None and in_buffer else None,
    )


def _only_running(failure: Failure) -> RunningTask | None:
    """The one task that was running, where no other is known to be at fault."""
    known = failure.ending.task_id >= 0 or failure.ending.failure == "graph"
    return failure.running[0] if not known and len(failure.running) == 1 else None


def _ended_unheard(failure: Failure) -> bool:
    """Whether a signal of a fault ended the process without the simulator's handler."""
    ending = failure.ending
    unknown = ending.address is None and not failure.addresses
    return unknown and signal_of_fault(ending.signal_number)


def _device_was_full(ending: Ending) -> bool:
    """Whether an orchestration failed after it had been refused memory."""
    return ending.failure == "orchestration" and ending.refused_call > 0


def _message(
    failure: Failure, calls: _Calls, culprit: Culprit, kernels: Mapping[int, KernelSpec]
) -> list[str]:
    ending = failure.ending
    where = _where(ending, culprit)
    corrupted = ending.failure == "corrupted"
    first, *further = _first_lines(failure, where)
    lines = _corrupted_lines(failure) if corrupted else [first, *further]
    if _device_was_full(ending):
        lines = [*_full_device_lines(failure), f"  then {first}", *further]
    if ending.failure == "kernel_hang" or (ending.task_id < 0 and failure.running):
        for task in failure.running:
            lines += _running_lines(task, calls.of(task), kernels)
        return [*lines, _NOT_HEARD] if _ended_unheard(failure) else lines
    lines += culprit_lines(culprit, kernels)
    if _ended_unheard(failure):
        lines.append(_NOT_HEARD)
    lines += argument_lines(culprit.task, failure.arguments)
    return lines + backtrace_lines(calls.at_fault)


def _first_lines(failure: Failure, where: str) -> list[str]:
    """The headline, and what is said right below it."""
    ending = failure.ending
    if ending.hang_seconds:
        return [_hang_line(ending, where)]
    if ending.failure == "out_of_memory":
        return [_out_of_memory_line(ending, where)]
    if ending.exception:
        return [f"a C++ exception left {where.rstrip(',')}: {ending.message}"]
    if did := _what_it_did(failure):
        what, *more = did
        return [f"{where} {what}", *(f"  {line}" for line in more)]
    if ending.failure == "kernel_exit":
        return [f"{where} {ending.message}"]
    return (ending.message or f"{where} failed").splitlines()


def _corrupted_lines(failure: Failure) -> list[str]:
    """What was overwritten, how the case ended as far as that is known, and what to do about it."""
    ending = failure.ending
    first = (
        "the case overwrote memory of the simulator: what it left there does not add up "
        f"({ending.message})"
    )
    did = _what_it_did(replace(failure, place=None))
    what = did[0] if did else ""
    ended = f"no progress for {ending.hang_seconds:.1f} s" if ending.hang_seconds else what
    return [first, *([f"  at its end: {ended}"] if ended else []), *_LOOK_FOR_WILD_WRITES]


def _what_it_did(failure: Failure) -> tuple[str, ...]:
    """A predicate for what ended the process, and lines about it; nothing where it is not known."""
    ending, place = failure.ending, failure.place
    if ending.damage and place is not None:
        return (f"wrote {short_place(place)}", place_words(place))
    if ending.signal_number:
        return fault_words(ending, place, len(failure.arguments))
    if ending.exit_status >= 0 and not ending.message:
        return (f"ended the process with exit status {ending.exit_status}",)
    return ()


def _hang_line(ending: Ending, where: str) -> str:
    if ending.timed_out:
        return f"{where} was still running after {ending.hang_seconds:g} s (--sim-timeout)"
    limit = f"{ending.hang_seconds:.1f} s (--sim-hang-timeout)"
    if ending.failure == "kernel_hang":
        return f"the graph hangs: no task started or finished for {limit}"
    return f"{where} hangs: it called nothing of the runtime for {limit}"


def _out_of_memory_line(ending: Ending, where: str) -> str:
    if ending.signal_number:
        return f"the machine ran out of memory: the system ended the process while {where} ran"
    if ending.message and not ending.exception:
        return ending.message  # the engine's own need, which is nobody's fault
    if ending.message:
        return f"{where} ran out of host memory: {ending.message}"
    return f"{where} ran out of host memory"


def _full_device_lines(failure: Failure) -> list[str]:
    ending = failure.ending
    call = f"call {ending.refused_call} of device_malloc"
    live, all_of_it = byte_count(ending.device_bytes_live), byte_count(failure.device_memory)
    return [
        f"the simulated device is full: {call} asked for {byte_count(ending.refused_bytes)}",
        f"  {live} of {all_of_it} were allocated (--sim-device-memory)",
    ]


def _load_message(ending: Ending, kernels: Mapping[int, KernelSpec]) -> str:
    kernel = kernels.get(ending.func_id)
    message = demangled(ending.message)
    path, separator, why = message.partition(".so: ")
    name, _, _ = path.partition(" cannot be loaded: ")
    lines = [f"{name} cannot be loaded: {why}" if separator and name != path else message]
    if kernel is not None:
        lines.append(f"  source: {kernel.compile.source}")
    if "failed to map segment" in ending.message:
        lines.append(
            "  the file system of temporary files forbids to execute what is on it (mounted "
            "noexec): have TMPDIR name a directory on another one"
        )
    return "\n".join(lines)


def _where(ending: Ending, culprit: Culprit) -> str:
    """The code that was running, as the subject of a sentence."""
    if ending.phase == "load":
        if culprit.kernel is None:
            return "the orchestration, while it was loaded,"
        return f"kernel {culprit.kernel!r}, while it was loaded,"
    if ending.phase != "execute" and not ending.damage:
        return "the orchestration"
    if ending.timed_out:
        return "the graph"
    if culprit.task is None:
        return "a kernel"
    return f"kernel {culprit.kernel!r} in task {culprit.task}"


def _running_lines(
    task: RunningTask, frames: Sequence[Frame], kernels: Mapping[int, KernelSpec]
) -> list[str]:
    source, line = source_of(frames)
    at = "" if source is None else f", at {source}:{line}"
    headline = (
        f"  task {task.task_id}: kernel {_kernel_name(task.func_id, kernels)!r} "
        f"(func_id {task.func_id}) on core {task.core} "
        f"for {task.seconds:.1f} s{at}"
    )
    return [
        headline,
        *(f"  {line}" for line in argument_lines(task.task_id, task.arguments)),
        *(f"  {line}" for line in backtrace_lines(frames)),
    ]


def _known(value: int) -> int | None:
    return None if value < 0 else value


def _kernel_name(func_id: int, kernels: Mapping[int, KernelSpec]) -> str | None:
    kernel = kernels.get(func_id)
    return kernel.name if kernel is not None else None
