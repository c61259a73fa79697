"""What the engine knows of a failure -> the typed error that says it in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.errors import (
    BuildError,
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
from pytest_a2a3sim.running.explain_code import argument_lines, backtrace_lines, source_of
from pytest_a2a3sim.running.explain_memory import byte_count, place_words
from pytest_a2a3sim.running.explain_signal import fault_words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.building.build import BuiltCase
    from pytest_a2a3sim.errors import A2A3SimError
    from pytest_a2a3sim.running.failure import Failure, Report, RunningTask
    from pytest_a2a3sim.spec import KernelSpec

_ERRORS: dict[str, type[RunError]] = {
    "orchestration": OrchestrationError,
    "graph": GraphError,
    "kernel_fault": KernelFault,
    "kernel_exit": KernelExit,
    "kernel_exception": KernelException,
    "kernel_hang": KernelHang,
    "out_of_memory": OutOfMemory,
}


def error_of(failure: Failure, built: BuiltCase) -> A2A3SimError:
    """The typed error for a failed case."""
    kernels = {kernel.spec.func_id: kernel.spec for kernel in built.kernels}
    report = failure.report
    if report.failure == "load":
        return BuildError(_load_message(report, kernels))
    culprit = _culprit(failure, kernels)
    kind = OutOfMemory if _device_was_full(report) else _ERRORS[report.failure]
    message = _message(failure, culprit, kernels)
    if report.damage:
        return KernelFault(message, culprit, failure.place)
    return kind(message, culprit)


def _culprit(failure: Failure, kernels: Mapping[int, KernelSpec]) -> Culprit:
    report = failure.report
    task = _only_running(failure)
    at_fault = report if task is None else task
    frames = failure.frames or (task.frames if task is not None else ())
    source, line = source_of(frames)
    place = failure.place
    in_buffer = place is not None and place.buffer is not None
    return Culprit(
        task=_known(at_fault.task_id),
        func_id=_known(at_fault.func_id),
        kernel=_kernel_name(at_fault.func_id, kernels),
        core=_core(at_fault.core_type, at_fault.core_id),
        source=source,
        line=line,
        buffer=place.buffer if place is not None and in_buffer else None,
        offset=place.offset if place is not None and in_buffer else None,
    )


def _only_running(failure: Failure) -> RunningTask | None:
    """The one task that was running, where no other is known to be at fault."""
    known = failure.report.task_id >= 0 or failure.report.failure == "graph"
    return failure.running[0] if not known and len(failure.running) == 1 else None


def _device_was_full(report: Report) -> bool:
    """Whether an orchestration failed after it had been refused memory."""
    return report.failure == "orchestration" and report.refused_call > 0


def _message(failure: Failure, culprit: Culprit, kernels: Mapping[int, KernelSpec]) -> str:
    report = failure.report
    where = _where(report, culprit)
    lines = [_first_line(failure, where)]
    if _device_was_full(report):
        lines = [_full_device_line(failure), f"  then {lines[0]}"]
    if report.failure == "kernel_hang" or (report.task_id < 0 and failure.running):
        for task in failure.running:
            lines += _running_lines(task, kernels)
        return "\n".join(lines)
    lines += _source_lines(culprit, kernels)
    lines += argument_lines(culprit.task, failure.arguments)
    lines += backtrace_lines(failure.frames)
    return "\n".join(lines)


def _first_line(failure: Failure, where: str) -> str:
    report = failure.report
    if report.hang_seconds:
        return _hang_line(report, where)
    if report.failure == "out_of_memory":
        return _out_of_memory_line(report, where)
    if report.exception:
        return f"a C++ exception left {where.rstrip(',')}: {report.message}"
    if what := _what_it_did(failure):
        return f"{where} {what}"
    if report.failure == "kernel_exit":
        return f"{where} {report.message}"
    return report.message or f"{where} failed"


def _what_it_did(failure: Failure) -> str | None:
    """A predicate for what ended the process."""
    report = failure.report
    if report.damage and failure.place is not None:
        return f"wrote {place_words(failure.place)}"
    if report.signal_number:
        return fault_words(report, failure.place)
    if report.exit_status >= 0 and not report.message:
        return f"ended the process with exit status {report.exit_status}"
    return None


def _hang_line(report: Report, where: str) -> str:
    if report.timed_out:
        return f"{where} was still running after {report.hang_seconds:g} s (--sim-timeout)"
    limit = f"{report.hang_seconds:.1f} s (--sim-hang-timeout)"
    if report.failure == "kernel_hang":
        return f"the graph hangs: no task started or finished for {limit}"
    return f"{where} hangs: it called nothing of the runtime for {limit}"


def _out_of_memory_line(report: Report, where: str) -> str:
    if report.signal_number:
        return f"the machine ran out of memory: the system ended the process while {where} ran"
    if report.message:
        return f"{where} ran out of host memory: {report.message}"
    return f"{where} ran out of host memory"


def _full_device_line(failure: Failure) -> str:
    report = failure.report
    return (
        f"the simulated device is full: call {report.refused_call} of device_malloc asked for "
        f"{byte_count(report.refused_bytes)} while {byte_count(report.device_bytes_live)} of "
        f"{byte_count(failure.device_memory)} were allocated (--sim-device-memory)"
    )


def _load_message(report: Report, kernels: Mapping[int, KernelSpec]) -> str:
    kernel = kernels.get(report.func_id)
    if kernel is None:
        return report.message
    return f"{report.message}\n  source: {kernel.compile.source}"


def _where(report: Report, culprit: Culprit) -> str:
    """The code that was running, as the subject of a sentence."""
    if report.phase == "load":
        if culprit.kernel is None:
            return "the orchestration, while it was loaded,"
        return f"kernel {culprit.kernel!r} (func_id {culprit.func_id}), while it was loaded,"
    if report.phase != "execute" and not report.damage:
        return "the orchestration"
    if report.timed_out:
        return "the graph"
    if culprit.task is None:
        return "a kernel"
    return (
        f"kernel {culprit.kernel!r} (func_id {culprit.func_id}) in task {culprit.task} "
        f"on core {culprit.core}"
    )


def _source_lines(culprit: Culprit, kernels: Mapping[int, KernelSpec]) -> list[str]:
    if culprit.source is not None:
        line = "" if culprit.line is None else f":{culprit.line}"
        return [f"  at {culprit.source}{line}"]
    kernel = kernels.get(culprit.func_id) if culprit.func_id is not None else None
    return [] if kernel is None else [f"  in {kernel.compile.source}"]


def _running_lines(task: RunningTask, kernels: Mapping[int, KernelSpec]) -> list[str]:
    source, line = source_of(task.frames)
    at = "" if source is None else f", at {source}:{line}"
    headline = (
        f"  task {task.task_id}: kernel {_kernel_name(task.func_id, kernels)!r} "
        f"(func_id {task.func_id}) on core {_core(task.core_type, task.core_id)} "
        f"for {task.seconds:.1f} s{at}"
    )
    return [
        headline,
        *(f"  {line}" for line in argument_lines(task.task_id, task.arguments)),
        *(f"  {line}" for line in backtrace_lines(task.frames)),
    ]


def _known(value: int) -> int | None:
    return None if value < 0 else value


def _core(core_type: int, core_id: int) -> str | None:
    if core_type < 0 or core_id < 0:
        return None
    return f"{('AIC', 'AIV')[core_type]} {core_id}"


def _kernel_name(func_id: int, kernels: Mapping[int, KernelSpec]) -> str | None:
    kernel = kernels.get(func_id)
    return kernel.name if kernel is not None else None
