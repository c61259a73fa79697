"""A case that is being simulated: how it is started, watched and asked how it ended."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal

from pytest_a2a3sim.engine.ending import ending_of, loaded_object_of, place_of
from pytest_a2a3sim.engine.graph import map_recording
from pytest_a2a3sim.engine.library import check, core_name, ffi, lib
from pytest_a2a3sim.engine.request import request_of
from pytest_a2a3sim.model.failure import Failure, RunningTask, TaskArgument
from pytest_a2a3sim.model.progress import RunProgress
from pytest_a2a3sim.model.recording import BufferUse, Completion, CopiedRange, Graph, RingUse
from pytest_a2a3sim.model.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.engine.host_memory import HostMemory
    from pytest_a2a3sim.engine.request import RunOptions
    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs, LoadedObject
    from pytest_a2a3sim.model.data_flow import DataFlow
    from pytest_a2a3sim.model.dependency import Dependency
    from pytest_a2a3sim.model.dump import RawDump
    from pytest_a2a3sim.model.failure import Ending, Place
    from pytest_a2a3sim.model.sanitized import Sanitized

_MOST_RUNNING = 64
"""Tasks that a failure tells about."""


class Run(AbstractContextManager["Run"]):
    """A case that is being simulated; leaving the context kills it if it still runs."""

    def __init__(
        self, built: BuiltCase, inputs: CaseInputs, memory: HostMemory, options: RunOptions
    ) -> None:
        self._built = built
        self._memory = memory
        self._options = options
        keep: list[Any] = []  # cffi memory that the request points into
        request = request_of(built, inputs, memory, options, keep)
        holder = ffi.new("a2a3_run**")
        check(lib.a2a3_run_start(request, holder), "the simulation cannot be started")
        self._run: Any = holder[0]

    def __exit__(self, *_: object) -> None:
        """Ends the simulating process, which a case that has ended may still be leaving."""
        self.end()

    def end(self) -> None:
        """The same at once; nothing else may be asked then."""
        lib.a2a3_run_destroy(self._run)
        self._run = ffi.NULL

    def wait(
        self, until: Literal["outputs", "end"], seconds: float
    ) -> Literal["running", "ok", "failed"]:
        """Waits until the case has outputs or has ended, but not much longer than so many seconds.

        A case that makes no progress for its hang timeout is ended, and has failed. One that has
        outputs, which nothing changes any more, may still be executed in further orders, and what
        it has left behind is still to be checked.

        Raises:
            EngineError: the simulating process cannot be watched.
        """
        awaited = lib.A2A3_UNTIL_OUTPUTS if until == "outputs" else lib.A2A3_UNTIL_END
        status = lib.a2a3_run_wait(self._run, awaited, seconds, self._options.hang_timeout)
        if check(status, "the simulation cannot be watched") == lib.A2A3_RUNNING:
            return "running"
        return "ok" if status == lib.A2A3_OK else "failed"

    def progress(self) -> RunProgress | None:
        """How far the graph is; None while none is executed."""
        raw = ffi.new("a2a3_progress*")
        if not lib.a2a3_run_progress(self._run, raw):
            return None
        names = {kernel.spec.func_id: kernel.spec.name for kernel in self._built.kernels}
        shown = min(raw.running, lib.A2A3_FIRST_TASKS)
        return RunProgress(
            finished=raw.finished,
            tasks=raw.task_count,
            running=raw.running,
            kernels=tuple(names[func_id] for func_id in raw.func_ids[0:shown]),
            seconds=raw.seconds,
        )

    def time_out(self, seconds: float) -> None:
        """Ends the case as one that has run for longer than it may.

        Raises:
            EngineError: it cannot be ended.
        """
        check(lib.a2a3_run_time_out(self._run, seconds), "the simulation cannot be ended")

    def result(self) -> Completion | Failure:
        """How the case ended; the outputs are in the host memory if it did not fail.

        Raises:
            EngineError: what it has left behind cannot be read.
        """
        raw = ffi.new("a2a3_ending*")
        lib.a2a3_run_ending(self._run, raw)
        ending = ending_of(raw)
        if raw.failure != lib.A2A3_FAILURE_NONE:
            return self._failure(ending, raw.snapshot)
        return Completion(
            graph=Graph(ending.task_count, ending.edge_count),
            phases=ending.phases,
            recording=map_recording(
                self._run,
                self._built,
                self._options.block_dim,
                self._memory.tensors(),
                raw.buffer_count,
            ),
            started=raw.start_nanoseconds * 1e-9,
            copied=self._copied(),
            peak_rss_bytes=ending.peak_rss_bytes or None,
            order_matters=not raw.orders_agree,
            pair_order=_pair_order(raw.pair_order),
            quick=bool(raw.quick),
            buffers=raw.buffer_count,
            use=self._use(raw.use),
            objects=self._objects() if raw.use.call else (),
            sanitized=self._sanitized(raw),
            data_flow=self._data_flow(raw),
            described=raw.described,
            rings=tuple(
                RingUse(number, ring.tasks, ring.bytes, ring.dependencies)
                for number, ring in enumerate(raw.rings)
                if ring.tasks
            ),
            dependencies=self._dependencies(),
            dump=self._dump(),
        )

    # What few cases ask for is imported for them.

    def _dump(self) -> RawDump | None:
        if self._options.dump is None:
            return None
        from pytest_a2a3sim.engine.dump import dump_of  # noqa: PLC0415 - see above

        return dump_of(self._run, self._memory.tensors())

    def _dependencies(self) -> tuple[Dependency, ...]:
        if not self._options.records_dependencies:
            return ()
        from pytest_a2a3sim.engine.dependencies import dependencies_of  # noqa: PLC0415 - see above

        return dependencies_of(self._run, self._memory.tensors())

    def _data_flow(self, ending: Any) -> DataFlow | None:
        if not self._options.records_flows:
            return None
        from pytest_a2a3sim.engine.findings import data_flow_of  # noqa: PLC0415 - see above

        return data_flow_of(self._run, ending, self._memory.tensors(), self._objects())

    def _sanitized(self, ending: Any) -> Sanitized | None:
        if not self._options.checks:
            return None
        from pytest_a2a3sim.engine.findings import sanitized_of  # noqa: PLC0415 - see above

        return sanitized_of(self._run, ending, self._memory.tensors(), self._objects())

    def _use(self, raw: Any) -> BufferUse | None:
        if self._options.described is None or not raw.call:
            return None
        names = self._memory.names()
        shown = min(raw.task_count, lib.A2A3_FIRST_TASKS)
        tasks = zip(raw.tasks[0:shown], raw.func_ids[0:shown], strict=True)
        return BufferUse(
            buffer=self._options.described,
            call=raw.call,
            size=raw.size,
            copied=raw.copied,
            tensors=frozenset(name for i, name in enumerate(names) if raw.tensors >> i & 1),
            task_count=raw.task_count,
            tasks=tuple(tasks),
            addresses=_addresses(raw.allocation),
        )

    def _objects(self) -> tuple[LoadedObject, ...]:
        count = ffi.new("int64_t*")
        objects = lib.a2a3_run_objects(self._run, count)
        return tuple(loaded_object_of(item) for item in objects[0 : count[0]])

    def _copied(self) -> tuple[CopiedRange, ...]:
        count = ffi.new("int64_t*")
        ranges = lib.a2a3_run_copied_ranges(self._run, count)
        tensors = self._memory.names()
        return tuple(
            CopiedRange(tensors[item.tensor], item.offset, item.size, item.changed, item.buffer)
            for item in ranges[0 : count[0]]
        )

    def _failure(self, ending: Ending, snapshot: Any) -> Failure:
        arguments = snapshot.args[0 : snapshot.arg_count]
        return Failure(
            ending=ending,
            place=None if ending.address is None else self._place(ending.address, arguments),
            arguments=self._arguments(snapshot),
            addresses=_addresses(snapshot),
            running=self._running_tasks(),
            objects=self._objects(),
            device_memory=self._options.memory,
            dump=self._dump(),
        )

    def _place(self, address: int, arguments: Sequence[int]) -> Place:
        raw = ffi.new("a2a3_place*")
        lib.a2a3_run_place(self._run, address, list(arguments), len(arguments), raw)
        return place_of(raw, self._memory.tensors())

    def _arguments(self, snapshot: Any) -> tuple[TaskArgument, ...]:
        values = snapshot.args[0 : snapshot.arg_count]
        return tuple(TaskArgument(value, self._place(value, ())) for value in values)

    def _running_tasks(self) -> tuple[RunningTask, ...]:
        tasks = ffi.new("a2a3_running_task[]", _MOST_RUNNING)
        count = ffi.new("int32_t*")
        check(
            lib.a2a3_run_running_tasks(self._run, tasks, _MOST_RUNNING, count),
            "the running tasks cannot be listed",
        )
        return tuple(
            RunningTask(
                task.task_id,
                task.func_id,
                core_name(task.core_type, task.core_id),
                task.seconds,
                self._arguments(task.snapshot),
                _addresses(task.snapshot),
            )
            for task in tasks[0 : count[0]]
        )


def _addresses(snapshot: Any) -> tuple[int, ...]:
    return tuple(snapshot.frames[0 : snapshot.frame_count])


def _pair_order(raw: Any) -> Schedule | None:
    """Of an a2a3_order that may be none."""
    return Schedule("before", raw.seed) if raw.schedule == lib.A2A3_SCHEDULE_BEFORE else None
