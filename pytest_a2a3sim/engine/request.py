"""What a run is asked for: built objects, inputs and options -> the engine's a2a3_request."""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import field
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.engine.dump_request import DumpRequest, dump_request_of
from pytest_a2a3sim.engine.library import core_type_value, ffi, lib, values
from pytest_a2a3sim.model.case import Pointer
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.option import DEFAULT_HANG_TIMEOUT
from pytest_a2a3sim.model.schedule import DEPTH_FIRST, Schedule
from pytest_a2a3sim.model.settings import default_device_memory

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pytest_a2a3sim.engine.host_memory import HostMemory
    from pytest_a2a3sim.model.case import BuiltCase, CaseInputs
    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.chip import CoreMemory
    from pytest_a2a3sim.model.values import Threads

#: Codes of ``DataType`` in ``include/tensors/data_type.h``.
_DATA_TYPES = {
    name: code
    for code, name in enumerate(
        (
            "float32",
            "float16",
            "int32",
            "int16",
            "int8",
            "uint8",
            "bfloat16",
            "int64",
            "uint64",
            "uint16",
            "uint32",
            "bool",
            "float8_e4m3fn",
            "float8_e8m0fnu",
            "float4_e2m1fn_x2",
        )
    )
}

POISON: int = lib.A2A3_POISON_NAN
"""What fresh device memory is filled with: a NaN in every float type."""

OTHER_POISON: int = lib.A2A3_POISON_NUMBER
"""What it is filled with to find out who reads it: a common number in every float type."""


@frozen
class Watch:
    """A device buffer whose last byte, or first one for an underrun, touches unreachable memory."""

    buffer: int
    underrun: bool


@frozen
class RunOptions:
    """How a case is simulated.

    Attributes:
        block_dim: AIC cores; there are twice as many AIV cores.
        threads: worker threads that simulate them, or ``"cores"``.
        hang_timeout: seconds without progress after which the case has failed.
        isolate: simulate in a child process.
        schedule: the order in which ready tasks are executed.
        memory: bytes of the device.
        other_poison: ranges of device buffers that are filled with ``OTHER_POISON``, not
            ``POISON``, when they are fresh; each by its first and the one after its last.
        described: the device buffer whose use the completion describes.
        output: descriptors of what the case prints to stdout and stderr; -1 for this process' own.
        orders: in which an isolated case is executed again, to find out whether it matters.
        order_seconds: ... unless its graph took more CPU time; None for whatever it took.
        watches: buffers that are placed for an overrun to fault at once.
        checks: of the sanitizer, for which kernels are instrumented and threads are 1.
        records_flows: note which task works on what other ones left; kernels are instrumented.
        questions: bytes of outputs, by tensor and offset, whose last writers are wanted then.
        core_memory: the chip of which a core's memories are.
        check_each_task: look for damage around the watched buffers after each task.
        dump: keep what tasks find and leave in their arguments, for which threads are 1.
        records_dependencies: keep why tasks wait for others.
        records_arguments: keep the arguments of tasks, and what device memory holds.
    """

    block_dim: int
    threads: Threads
    hang_timeout: float = DEFAULT_HANG_TIMEOUT
    isolate: bool = True
    schedule: Schedule = DEPTH_FIRST
    memory: int = field(default_factory=default_device_memory)
    other_poison: tuple[tuple[int, int], ...] = ()
    described: int | None = None
    output: tuple[int, int] = (-1, -1)
    orders: tuple[Schedule, ...] = ()
    order_seconds: float | None = None
    watches: tuple[Watch, ...] = ()
    checks: tuple[Check, ...] = ()
    records_flows: bool = False
    questions: tuple[tuple[str, int], ...] = ()
    check_each_task: bool = False
    core_memory: CoreMemory = "a2a3"
    dump: DumpRequest | None = None
    records_dependencies: bool = False
    records_arguments: bool = False

    @property
    def orders_to_run(self) -> tuple[Schedule, ...]:
        """The further orders; on several threads the first order too, of which they are a mixture.

        So the same orders are compared whatever the number of threads.
        """
        if not self.orders or self.threads == 1:
            return self.orders
        return (self.schedule, *self.orders)


def request_of(
    built: BuiltCase, inputs: CaseInputs, memory: HostMemory, options: RunOptions, keep: list[Any]
) -> Any:
    """An ``a2a3_request*``; the memory that it points into is appended to ``keep``."""

    def text(value: str) -> Any:
        keep.append(ffi.new("char[]", os.fsencode(value)))
        return keep[-1]

    def array(kind: str, rows: list[Any]) -> Any:
        keep.append(ffi.new(f"{kind}[]", rows))
        return keep[-1]

    request = ffi.new("a2a3_request*")
    request.orchestration_path = text(os.fspath(built.orchestration_path))
    request.orchestration_symbol = text(built.orchestration_symbol)
    request.kernels = array(
        "a2a3_kernel",
        [
            {
                "name": text(kernel.spec.name),
                "object_path": text(os.fspath(kernel.path)),
                "symbol": text(kernel.symbol),
                "func_id": kernel.spec.func_id,
                "core_type": core_type_value(kernel.spec.core_type),
            }
            for kernel in built.kernels
        ],
    )
    request.kernel_count = len(built.kernels)
    request.tensors = array(
        "a2a3_tensor",
        [
            {
                "name": text(tensor.name),
                "data": ffi.cast("void*", memory.address(tensor.name)),
                "nbytes": tensor.nbytes,
                "read_only": tensor.is_read_only and tensor.name not in inputs.outputs,
                "is_output": tensor.name in inputs.outputs,
                "dtype": _DATA_TYPES.get(tensor.dtype, lib.A2A3_UNKNOWN_DTYPE),
                **_described_shape(tensor.shape),
                "order_dependent": tensor.name in inputs.order_dependent,
            }
            for tensor in memory.tensors()
        ],
    )
    request.tensor_count = len(memory.names())
    request.window = memory.window
    request.process_server = memory.process_server
    if memory.process_server != ffi.NULL:
        variables = b"".join(_environment())
        keep.append(ffi.new("char[]", variables))
        request.environment, request.environment_size = keep[-1], len(variables)
    indices = {name: index for index, name in enumerate(memory.names())}
    request.args = array(
        "a2a3_argument",
        [
            {"bits": memory.address(argument.tensor), "tensor": indices[argument.tensor]}
            if isinstance(argument, Pointer)
            else {"bits": argument.bits, "tensor": -1}
            for argument in inputs.arguments
        ],
    )
    request.arg_count = len(inputs.arguments)
    request.runtime = values("a2a3_runtime", "A2A3_RUNTIME_")[built.runtime.runtime]
    rings = built.runtime.rings
    request.ring_sizes = {
        "tasks": rings.tasks,
        "bytes": rings.bytes,
        "dependencies": rings.dependencies,
    }
    request.block_dim = options.block_dim
    request.thread_count = 0 if options.threads == "cores" else options.threads
    request.schedule = _schedules()[options.schedule.order]
    request.seed = options.schedule.seed
    request.isolate = options.isolate
    request.device_memory_size = options.memory
    request.other_poison = array("a2a3_buffer_range", list(options.other_poison))
    request.other_poison_count = len(options.other_poison)
    request.described_buffer = -1 if options.described is None else options.described
    request.output_descriptor, request.error_descriptor = options.output
    request.watches = array(
        "a2a3_watch",
        [{"buffer": watch.buffer, "underrun": watch.underrun} for watch in options.watches],
    )
    request.watch_count = len(options.watches)
    orders = options.orders_to_run
    request.orders = array(
        "a2a3_order",
        [{"schedule": _schedules()[order.order], "seed": order.seed} for order in orders],
    )
    request.order_count = len(orders)
    request.order_seconds = options.order_seconds or 0.0
    request.checks = _check_bits(options.checks)
    request.records_flows = options.records_flows
    request.questions = array(
        "a2a3_question",
        [{"tensor": indices[name], "offset": offset} for name, offset in options.questions],
    )
    request.question_count = len(options.questions)
    request.check_each_task = options.check_each_task
    core_memories = values("a2a3_core_memory", "A2A3_CORE_MEMORY_")
    request.core_memory = core_memories[options.core_memory]
    request.dump = dump_request_of(options.dump, array)
    request.records_dependencies = options.records_dependencies
    request.records_arguments = options.records_arguments
    return request


def _environment() -> list[bytes]:
    """The variables, a NUL behind each; another thread may change some meanwhile."""
    while True:
        with contextlib.suppress(RuntimeError, KeyError):
            return [b"%s=%s\0" % variable for variable in os.environb.items()]


def _schedules() -> dict[str, int]:
    """Values of a2a3_schedule by :attr:`Schedule.order`."""
    found = values("a2a3_schedule", "A2A3_SCHEDULE_")
    return {name.replace("_", "-"): value for name, value in found.items()}


def _described_shape(shape: tuple[int, ...]) -> dict[str, Any]:
    """The shape that a descriptor has: leading dimensions are one where there are too many."""
    most = lib.A2A3_TENSOR_DIMENSIONS
    leading = len(shape) - most + 1
    if leading > 1:
        shape = (math.prod(shape[:leading]), *shape[leading:])
    return {"ndim": max(len(shape), 1), "shape": [*(shape or (1,))]}


def _check_bits(checks: Iterable[Check]) -> int:
    """The a2a3_check bits of checks."""
    bits = values("a2a3_check", "A2A3_CHECK_")
    return sum(bits[check] for check in checks)
