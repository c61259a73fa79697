"""One case between the stages: what was built, what it works on, what is expected of it."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_a2a3sim.model.spec import KernelSpec, RuntimeConfig
    from pytest_a2a3sim.model.tensor import Bytes, Tensor

Instrumentation = Literal["none", "fast", "exact"]
"""Whether a kernel tells which memory it accesses.

``fast``: what the optimised code accesses, which may be more than the source does: a vector has
elements that nobody wanted. ``exact``: what the source accesses, several times as slowly.
"""


@frozen
class BuildProgress:
    """A build that somebody waits for.

    Attributes:
        done: sources compiled so far in this session.
        total: sources to compile, as far as is known.
        running: names of the sources that are being compiled.
        seconds: how long the case has waited.
    """

    done: int
    total: int
    running: tuple[str, ...]
    seconds: float


@frozen
class BuiltKernel:
    """A kernel's shared object and the symbol to call in it."""

    spec: KernelSpec
    path: Path
    symbol: str


@frozen
class BuiltCase:
    """Everything of one golden directory that is native.

    Attributes:
        kernels: in the order of kernel_config.py.
        orchestration_path: its shared object.
        orchestration_symbol: the function to call in it.
        runtime: what it is written for.
        compiled: sources that this session compiled and no earlier case has counted.
        cache_hits: sources whose objects were there already.
        compiler: the one that has what the session's lacks; None where that is not so.
        digests: SHA-256 of the shared objects, the orchestration's last.
    """

    kernels: tuple[BuiltKernel, ...]
    orchestration_path: Path
    orchestration_symbol: str
    runtime: RuntimeConfig
    compiled: int = 0
    cache_hits: int = 0
    compiler: str | None = None
    digests: tuple[str, ...] = ()

    @property
    def paths(self) -> list[str]:
        """Every shared object of the case's own sources."""
        return [str(self.orchestration_path), *(str(kernel.path) for kernel in self.kernels)]


@frozen
class Pointer:
    """An argument of the orchestration: the address of a host tensor."""

    tensor: str


@frozen
class Scalar:
    """An argument of the orchestration: 64 bits."""

    bits: int


@frozen
class CaseInputs:
    """What one case works on.

    Attributes:
        tensors: every array that generate_inputs returned, by name.
        arguments: what the orchestration receives, in order.
        outputs: names of the tensors that are compared.
        order_dependent: those of them that may differ within the tolerance between orders.
    """

    tensors: Mapping[str, Tensor]
    arguments: tuple[Pointer | Scalar, ...]
    outputs: tuple[str, ...]
    order_dependent: tuple[str, ...] = ()


@frozen
class Expected:
    """What compute_golden wrote.

    Attributes:
        raw: bytes of each output, in C order.
        untouched: outputs that it left exactly as generate_inputs made them.
        intermediates: what it returned by name: an array, or a list of them.
        notes: where the values come from, if not from compute_golden.
    """

    raw: Mapping[str, Bytes]
    untouched: tuple[str, ...]
    intermediates: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@frozen
class LoadedObject:
    """An object file in memory: code address - bias = address in the file."""

    begin: int
    end: int
    bias: int
    path: str
