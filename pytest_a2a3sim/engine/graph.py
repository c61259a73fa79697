"""Graphs that ran: their recording, and what list scheduling makes of their times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.engine.library import check, ffi, lib
from pytest_a2a3sim.model.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from pytest_a2a3sim.model.case import BuiltCase
    from pytest_a2a3sim.model.task_arguments import TaskArguments
    from pytest_a2a3sim.model.tensor import Tensor

_NUMPY_NAMES = {"double": "float64", "int32_t": "int32", "int16_t": "int16"}


def _dtype_of(structure: str) -> np.dtype[np.void]:
    """A structure of numbers as NumPy sees it, of equal layout."""
    ctype = ffi.typeof(structure)
    return np.dtype(
        {
            "names": [name for name, _ in ctype.fields],
            "formats": [_NUMPY_NAMES[field.type.cname] for _, field in ctype.fields],
            "offsets": [field.offset for _, field in ctype.fields],
            "itemsize": ffi.sizeof(ctype),
        }
    )


_TASK_TIMES = _dtype_of("a2a3_task_times")


def map_recording(
    run: Any, built: BuiltCase, block_dim: int, tensors: Sequence[Tensor], buffers: int
) -> Recording:
    """What a case that ran to its end has recorded; its arrays keep the engine's memory.

    Args:
        run: an ``a2a3_run*``.
        built: says which kernels there are.
        block_dim: that the graph ran on.
        tensors: in the order that the engine knows them in.
        buffers: number of device buffers.

    Raises:
        EngineError: it cannot be mapped.
    """
    raw = ffi.new("a2a3_recording*")
    check(lib.a2a3_run_map_recording(run, raw), "the recording cannot be mapped")
    nbytes = raw.nbytes
    memory = ffi.gc(raw.memory, lambda _: lib.a2a3_unmap_recording(raw), nbytes)
    whole = ffi.buffer(memory, nbytes)

    def array(pointer: Any, kind: type[np.generic], count: int) -> npt.NDArray[Any]:
        offset = int(ffi.cast("char*", pointer) - ffi.cast("char*", memory))
        values = np.frombuffer(whole, kind, count, offset)
        values.flags.writeable = False  # as the memory is
        return values

    def arguments() -> TaskArguments:
        from pytest_a2a3sim.engine.dump import descriptions_of  # noqa: PLC0415 - few cases keep them
        from pytest_a2a3sim.model.task_arguments import TaskArguments  # noqa: PLC0415 - as above

        first = array(raw.first_argument, np.uint64, raw.task_count + 1)
        return TaskArguments(
            first_argument=first,
            arguments=array(raw.arguments, np.uint64, int(first[-1])),
            buffers=_buffers(run, buffers),
            descriptions=descriptions_of(run, tensors),
        )

    def decode(tasks: range | npt.NDArray[np.int32]) -> npt.NDArray[np.void]:
        if isinstance(tasks, range):
            tasks = np.arange(tasks.start, tasks.stop, tasks.step, dtype=np.int32)
        decoded = np.empty(tasks.size, _TASK_TIMES)
        times = ffi.cast("a2a3_task_times*", decoded.ctypes.data)
        ids = ffi.from_buffer("int32_t[]", np.ascontiguousarray(tasks))
        lib.a2a3_recording_times(raw, ids, tasks.size, times)
        return decoded

    return Recording(
        decode=decode,
        func_ids=array(raw.func_ids, np.int32, raw.task_count),
        first_successor=array(raw.first_successor, np.uint32, raw.task_count + 1),
        successors=array(raw.successors, np.int32, raw.edge_count),
        kernels={kernel.spec.func_id: kernel.spec for kernel in built.kernels},
        block_dim=block_dim,
        arguments=arguments() if raw.arguments else None,
    )


def _buffers(run: Any, count: int) -> npt.NDArray[np.void]:
    from pytest_a2a3sim.model.task_arguments import BUFFER  # noqa: PLC0415 - few cases keep them

    listed = np.zeros(count, BUFFER)
    raw = ffi.new("a2a3_buffer*")
    for number in range(count):
        lib.a2a3_run_buffer(run, number, raw)
        freed = np.inf if raw.live else raw.freed
        listed[number] = (raw.begin, raw.size, raw.allocated, freed)
    return listed


class TimedGraph:
    """A graph and how long each task takes, as the engine reads it.

    Args:
        recording: the graph.
        seconds: of each task, float64 of shape ``(tasks,)``.
    """

    def __init__(self, recording: Recording, seconds: npt.NDArray[np.float64]) -> None:
        self._graph = ffi.new("a2a3_timed_graph*")
        self._graph.task_count = recording.tasks
        self._keep = [
            ffi.from_buffer("double[]", np.ascontiguousarray(seconds, dtype=np.float64)),
            ffi.from_buffer("int8_t[]", recording.timeline["core_type"].astype(np.int8)),
            ffi.from_buffer("uint32_t[]", recording.first_successor),
            ffi.from_buffer("int32_t[]", recording.successors),
        ]
        graph = self._graph
        graph.seconds, graph.core_types, graph.first_successor, graph.successors = self._keep

    def makespan(self, block_dim: int) -> float:
        """Seconds that list scheduling needs on that many AIC and twice as many AIV cores."""
        seconds = ffi.new("double*")
        check(lib.a2a3_list_schedule(self._graph, block_dim, seconds), "list scheduling")
        return float(seconds[0])

    def critical_path(self) -> list[int]:
        """Ids of the tasks of a longest path, first task first."""
        path = ffi.new("int32_t[]", self._graph.task_count)
        length = ffi.new("int32_t*")
        check(lib.a2a3_critical_path(self._graph, path, length), "the critical path")
        return list(ffi.unpack(path, length[0]))
