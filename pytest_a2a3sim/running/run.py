"""BuiltCase + CaseInputs -> outputs, by the native engine."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim._engine import ffi, lib
from pytest_a2a3sim.errors import CaseFacts, EngineError
from pytest_a2a3sim.loading.inputs import Pointer
from pytest_a2a3sim.running import decode, explain
from pytest_a2a3sim.running.failure import Argument, Failure, RunningTask
from pytest_a2a3sim.running.recording import CopiedRange, Graph, Recording, RunOutcome
from pytest_a2a3sim.running.status import check
from pytest_a2a3sim.running.symbolize import Symbolizer
from pytest_a2a3sim.running.time_limit import NO_LIMIT, TimeLimit
from pytest_a2a3sim.schedule import DEPTH_FIRST, repeat_lines
from pytest_a2a3sim.settings import DEFAULT_HANG_TIMEOUT, default_device_memory

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from pytest_a2a3sim.building.build import BuiltCase
    from pytest_a2a3sim.loading.inputs import CaseInputs
    from pytest_a2a3sim.running.failure import Place, Report
    from pytest_a2a3sim.running.host_memory import HostMemory
    from pytest_a2a3sim.schedule import Schedule, Threads

POISON = 0xFF  # makes a NaN in every float type
_WAIT_SLICE = 0.2
_MAX_RUNNING = 64
_SCHEDULES = {
    "depth-first": lib.A2A3_SCHEDULE_DEFAULT,
    "fifo": lib.A2A3_SCHEDULE_FIFO,
    "lifo": lib.A2A3_SCHEDULE_LIFO,
    "random": lib.A2A3_SCHEDULE_RANDOM,
    "reverse": lib.A2A3_SCHEDULE_REVERSE,
}


@dataclass(frozen=True)
class Watch:
    """A device buffer whose last byte, or first one for an underrun, touches unreachable memory."""

    buffer: int
    underrun: bool


@dataclass(frozen=True)
class Device:
    """How a case is simulated.

    Attributes:
        block_dim: AIC cores; there are twice as many AIV cores.
        threads: worker threads that simulate them, or ``"cores"``.
        hang_timeout: seconds without progress after which the case has failed.
        isolate: simulate in a child process.
        schedule: the order in which ready tasks are executed.
        memory: bytes of the device.
        poison: the byte that fresh device memory is filled with.
        output: descriptors of what the case prints to stdout and stderr; -1 for this process' own.
        watches: buffers that are placed for an overrun to fault at once.
        check_each_task: look for damage around the watched buffers after each task.
    """

    block_dim: int
    threads: Threads
    hang_timeout: float = DEFAULT_HANG_TIMEOUT
    isolate: bool = True
    schedule: Schedule = DEPTH_FIRST
    memory: int = field(default_factory=default_device_memory)
    poison: int = POISON
    output: tuple[int, int] = (-1, -1)
    watches: tuple[Watch, ...] = ()
    check_each_task: bool = False


class Run:
    """A case that is being simulated; leaving the context kills it if it still runs."""

    def __init__(
        self, built: BuiltCase, inputs: CaseInputs, memory: HostMemory, device: Device
    ) -> None:
        self._built = built
        self._memory = memory
        self._device = device
        keep: list[Any] = []  # cffi memory that the request points into
        request = _request(built, inputs, memory, device, keep)
        holder = ffi.new("a2a3_run**")
        check(lib.a2a3_run_start(request, holder), "the simulation cannot be started")
        self._run: Any = holder[0]

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the simulating process."""
        lib.a2a3_run_destroy(self._run)

    def wait(self, limit: TimeLimit = NO_LIMIT) -> RunOutcome:
        """Waits for the end; the outputs are then in the host memory.

        Args:
            limit: when it is over, the case has failed, whatever it does.

        Raises:
            RunError: of the class that says how the case failed.
            EngineError: the simulating process cannot be watched.
        """
        status = lib.A2A3_RUNNING
        while status == lib.A2A3_RUNNING:  # in slices, so that Ctrl-C is seen
            status = check(
                lib.a2a3_run_wait(
                    self._run, min(_WAIT_SLICE, limit.left), self._device.hang_timeout
                ),
                "the simulation cannot be watched",
            )
            if status == lib.A2A3_RUNNING and limit.is_over:
                lib.a2a3_run_time_out(self._run, limit.seconds)
        raw = ffi.new("a2a3_report*")
        lib.a2a3_run_report(self._run, raw)
        report = decode.report(raw, ffi.string(raw.message).decode(errors="replace"))
        if status == lib.A2A3_FAILED:
            error = explain.error_of(self._failure(report, raw.snapshot), self._built)
            error.args = ("\n".join([*error.args, *repeat_lines(self._device.schedule)]),)
            error.facts = CaseFacts(
                graph=Graph(report.task_count, report.edge_count) if report.task_count else None,
                phases=report.phases,
                peak_rss_bytes=report.peak_rss_bytes or None,
            )
            raise error
        return RunOutcome(
            graph=Graph(report.task_count, report.edge_count),
            phases=report.phases,
            recording=self._recording(report),
            copied=self._copied(),
            peak_rss_bytes=report.peak_rss_bytes or None,
        )

    def _copied(self) -> tuple[CopiedRange, ...]:
        count = ffi.new("int64_t*")
        ranges = lib.a2a3_run_copied_ranges(self._run, count)
        names = self._memory.names()
        return tuple(
            CopiedRange(names[item.tensor], item.offset, item.size, item.changed)
            for item in ranges[0 : count[0]]
        )

    def _failure(self, report: Report, snapshot: Any) -> Failure:
        arguments = list(snapshot.args[0 : snapshot.arg_count])
        symbolizer = self._symbolizer()
        return Failure(
            report=report,
            place=None if report.address is None else self._place(report.address, arguments),
            arguments=self._arguments(snapshot),
            frames=symbolizer.backtrace(
                list(snapshot.frames[0 : snapshot.frame_count]),
                from_user=report.signal_number == 0 and not report.hang_seconds,
            ),
            running=self._running_tasks(symbolizer),
            device_memory=self._device.memory,
        )

    def _place(self, address: int, arguments: list[int]) -> Place:
        raw = ffi.new("a2a3_place*")
        lib.a2a3_run_place(self._run, address, arguments, len(arguments), raw)
        return decode.place(raw, self._memory.tensors())

    def _arguments(self, snapshot: Any) -> tuple[Argument, ...]:
        return tuple(
            Argument(value, self._place(value, []))
            for value in snapshot.args[0 : snapshot.arg_count]
        )

    def _symbolizer(self) -> Symbolizer:
        count = ffi.new("int64_t*")
        objects = lib.a2a3_run_objects(self._run, count)
        return Symbolizer(
            (
                decode.loaded_object(item, os.fsdecode(ffi.string(item.path)))
                for item in objects[0 : count[0]]
            ),
            user_paths=[
                os.fspath(self._built.orchestration_path),
                *(os.fspath(kernel.path) for kernel in self._built.kernels),
            ],
        )

    def _running_tasks(self, symbolizer: Symbolizer) -> tuple[RunningTask, ...]:
        tasks = ffi.new("a2a3_running_task[]", _MAX_RUNNING)
        count = lib.a2a3_run_running_tasks(self._run, tasks, _MAX_RUNNING)
        return tuple(
            RunningTask(
                task.task_id,
                task.func_id,
                task.core_type,
                task.core_id,
                task.seconds,
                self._arguments(task.snapshot),
                symbolizer.backtrace(list(task.snapshot.frames[0 : task.snapshot.frame_count])),
            )
            for task in tasks[0:count]
        )

    def _recording(self, report: Report) -> Recording:
        size = ffi.new("size_t*")
        mapping = lib.a2a3_run_map_recording(self._run, size)
        if mapping == ffi.NULL:
            raise EngineError("the timeline of a case that ran to its end cannot be mapped")
        nbytes = size[0]
        keeper = ffi.gc(mapping, lambda memory: lib.a2a3_unmap_recording(memory, nbytes), nbytes)
        return Recording(
            memory=ffi.buffer(keeper, nbytes),
            tasks=report.task_count,
            edges=report.edge_count,
            ticks_per_second=report.ticks_per_second,
            kernels={kernel.spec.func_id: kernel.spec for kernel in self._built.kernels},
            block_dim=self._device.block_dim,
        )


def _request(
    built: BuiltCase, inputs: CaseInputs, memory: HostMemory, device: Device, keep: list[Any]
) -> Any:
    def text(value: object) -> Any:
        keep.append(ffi.new("char[]", str(value).encode()))
        return keep[-1]

    def array(kind: str, rows: list[Any]) -> Any:
        keep.append(ffi.new(kind, rows))
        return keep[-1]

    request = ffi.new("a2a3_request*")
    request.orchestration_path = text(os.fspath(built.orchestration_path))
    request.orchestration_symbol = text(built.orchestration_symbol)
    request.kernels = array(
        "a2a3_kernel[]",
        [
            (
                text(kernel.spec.name),
                text(os.fspath(kernel.path)),
                text(kernel.symbol),
                kernel.spec.func_id,
                int(kernel.spec.core_type == "aiv"),
            )
            for kernel in built.kernels
        ],
    )
    request.kernel_count = len(built.kernels)
    request.tensors = array(
        "a2a3_tensor[]",
        [
            (
                text(tensor.name),
                ffi.cast("void*", memory.address(tensor.name)),
                tensor.nbytes,
                tensor.is_read_only and tensor.name not in inputs.outputs,
            )
            for tensor in memory.tensors()
        ],
    )
    request.tensor_count = len(memory.names())
    request.window = memory.window
    request.args = array(
        "uint64_t[]",
        [
            memory.address(argument.tensor) if isinstance(argument, Pointer) else argument.bits
            for argument in inputs.arguments
        ],
    )
    request.arg_count = len(inputs.arguments)
    request.block_dim = device.block_dim
    request.thread_count = 0 if device.threads == "cores" else device.threads
    request.schedule = _SCHEDULES[device.schedule.order]
    request.seed = device.schedule.seed
    request.isolate = device.isolate
    request.device_memory_size = device.memory
    request.poison = device.poison
    request.output_descriptor, request.error_descriptor = device.output
    request.watches = array(
        "a2a3_watch[]", [(watch.buffer, watch.underrun) for watch in device.watches]
    )
    request.watch_count = len(device.watches)
    request.check_each_task = device.check_each_task
    return request
