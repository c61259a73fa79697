"""The engine's report of a failure -> the typed error that says it in words."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_a2a3sim.errors import (
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

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.spec import KernelSpec

_ERRORS: dict[str, type[RunError]] = {
    "load": OrchestrationError,
    "orchestration": OrchestrationError,
    "graph": GraphError,
    "kernel_fault": KernelFault,
    "kernel_exit": KernelExit,
    "kernel_exception": KernelException,
    "kernel_hang": KernelHang,
    "out_of_memory": OutOfMemory,
}


@dataclass(frozen=True)
class Report:
    """The engine's a2a3_report; -1 stands for what is unknown."""

    failure: str
    phase: str
    task_id: int
    func_id: int
    core_type: int
    core_id: int
    signal_number: int
    exit_status: int
    address: int
    hang_seconds: float
    phases: Mapping[str, float]
    ticks_per_second: float
    origin_ticks: int
    task_count: int
    edge_count: int
    message: str
    peak_rss_bytes: int = 0


@dataclass(frozen=True)
class RunningTask:
    """A task that was on a core when the case ended."""

    task_id: int
    func_id: int
    core_type: int
    core_id: int
    seconds: float


def error_of(
    report: Report, running: Sequence[RunningTask], kernels: Mapping[int, KernelSpec]
) -> RunError:
    """The typed error for a failed case."""
    kind = _ERRORS[report.failure]
    culprit = Culprit(
        task=_known(report.task_id),
        func_id=_known(report.func_id),
        kernel=_kernel_name(report.func_id, kernels),
        core=_core(report.core_type, report.core_id),
    )
    if culprit.task is None and len(running) == 1 and kind is not GraphError:
        task = running[0]
        culprit = Culprit(
            task.task_id,
            task.func_id,
            _kernel_name(task.func_id, kernels),
            _core(task.core_type, task.core_id),
        )
    return kind(_message(report, culprit, running, kernels), culprit)


def _message(
    report: Report,
    culprit: Culprit,
    running: Sequence[RunningTask],
    kernels: Mapping[int, KernelSpec],
) -> str:
    first = _first_line(report, _where(report, culprit, kernels))
    if culprit.task is None or report.failure == "kernel_hang":
        return "\n".join([first, *_running_lines(running, kernels)])
    return first


def _first_line(report: Report, where: str) -> str:
    if report.failure == "kernel_hang":
        return (
            f"the graph hangs: no task started or finished for {report.hang_seconds:.1f} s "
            "(--sim-hang-timeout)"
        )
    if report.failure == "kernel_exception":
        return f"a C++ exception left {where}: {report.message}"
    if report.hang_seconds:
        return (
            f"{where} hangs: it called nothing of the runtime for {report.hang_seconds:.1f} s "
            "(--sim-hang-timeout)"
        )
    if report.signal_number:
        return f"{where} received {_signal(report)}"
    if report.exit_status >= 0:
        return f"{where} ended the process with exit status {report.exit_status}"
    return report.message or f"{where} failed"


def _where(report: Report, culprit: Culprit, kernels: Mapping[int, KernelSpec]) -> str:
    """The code that was running, as the subject of a sentence."""
    if report.phase == "load":
        if culprit.kernel is None:
            return "the orchestration, while it was loaded,"
        return f"kernel {culprit.kernel!r}, while it was loaded,"
    if report.phase != "execute":
        return "the orchestration"
    if culprit.task is None:
        return "a kernel"
    kernel = kernels.get(culprit.func_id) if culprit.func_id is not None else None
    source = f", {kernel.compile.source}" if kernel is not None else ""
    return (
        f"kernel {culprit.kernel!r} (func_id {culprit.func_id}{source}) in task {culprit.task} "
        f"on core {culprit.core}"
    )


def _running_lines(running: Sequence[RunningTask], kernels: Mapping[int, KernelSpec]) -> list[str]:
    return [
        f"  task {task.task_id}: kernel {_kernel_name(task.func_id, kernels)!r} "
        f"(func_id {task.func_id}) on core {_core(task.core_type, task.core_id)} "
        f"for {task.seconds:.1f} s"
        for task in running
    ]


def _signal(report: Report) -> str:
    try:
        name = signal.Signals(report.signal_number).name
    except ValueError:
        name = f"signal {report.signal_number}"
    if name in {"SIGSEGV", "SIGBUS"}:
        return f"{name} at address {report.address:#x}"
    return name


def _known(value: int) -> int | None:
    return None if value < 0 else value


def _core(core_type: int, core_id: int) -> str | None:
    if core_type < 0 or core_id < 0:
        return None
    return f"{('AIC', 'AIV')[core_type]} {core_id}"


def _kernel_name(func_id: int, kernels: Mapping[int, KernelSpec]) -> str | None:
    kernel = kernels.get(func_id)
    return kernel.name if kernel is not None else None
