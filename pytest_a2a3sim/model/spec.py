"""What a golden directory says, as checked and immutable data."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, get_args

from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.tolerance import Tolerances

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.chip import Platform
    from pytest_a2a3sim.model.sanitizer import Suppression

CoreType = Literal["aic", "aiv"]


@frozen
class CompileSpec:
    """A source and what its author adds to the compiler's command line.

    Attributes:
        source: absolute path.
        cxxflags: added after every default flag.
        include_dirs: added before the default ones.
        defines: macro name and value; an empty value defines the bare name.
    """

    source: Path
    cxxflags: tuple[str, ...] = ()
    include_dirs: tuple[str, ...] = ()
    defines: tuple[tuple[str, str], ...] = ()


@frozen
class KernelSpec:
    """A kernel of kernel_config.py.

    Attributes:
        entry: its symbol where the author names one.
        signature: directions of its tensors, such as ``("IN", "OUT")``; empty where nobody says.
    """

    func_id: int
    name: str
    core_type: CoreType
    compile: CompileSpec
    entry: str | None = None
    signature: tuple[str, ...] = ()


@frozen
class OrchestrationSpec:
    """The function that builds the task graph, and its source.

    Attributes:
        signature: directions of its arguments, such as ``("IN", "OUT")``; empty where nobody says.
    """

    function_name: str
    compile: CompileSpec
    signature: tuple[str, ...] = ()


Runtime = Literal["host_build_graph", "aicpu_build_graph", "tensormap_and_ringbuffer"]
"""How an orchestration is called, what its API is, and where dependencies come from."""

RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)
"""The runtimes that are simulated, the default one first."""

TENSOR_ENTRY = "aicpu_orchestration_entry"
"""The function of an orchestration for a runtime of tensors, whatever function_name says."""


@frozen
class RingSizes:
    """What each ring of a runtime of tensors holds: tasks, bytes of outputs, dependencies."""

    tasks: int = 16384
    bytes: int = 256 << 20
    dependencies: int = 16384


@frozen
class RuntimeConfig:
    """The simulated device: ``block_dim`` AIC cores and twice as many AIV cores.

    ``aicpu_thread_num`` is 0 where the chip's own number is meant.
    """

    runtime: Runtime = "host_build_graph"
    aicpu_thread_num: int = 3
    block_dim: int = 24
    rings: RingSizes = field(default_factory=RingSizes)


@frozen
class KernelConfig:
    """The whole of kernel_config.py.

    Attributes:
        suppressions: findings of the sanitizer that are left out.
        notes: remarks for its author.
        compiler: the command of the compiler that its sources want; None for any.
        platform: the chip that it was generated for; None where nothing says so.
    """

    path: Path
    kernels: tuple[KernelSpec, ...]
    orchestration: OrchestrationSpec
    runtime: RuntimeConfig
    suppressions: tuple[Suppression, ...] = ()
    notes: tuple[str, ...] = ()
    compiler: str | None = None
    platform: Platform | None = None


@frozen
class CaseSpec:
    """One test case: its unique name, what generate_inputs gets, and whether it runs unasked.

    ``marks`` are those of ``pytest.param`` around its params. Files of the case are named after
    ``label``, the node id where there is one.
    """

    name: str
    params: Mapping[str, Any]
    runs_by_default: bool = True
    marks: tuple[Any, ...] = ()
    label: str = ""


@frozen
class GoldenSpec:
    """A golden directory.

    Attributes:
        path: golden.py, absolute.
        module: the loaded golden.py.
        outputs: names from ``__outputs__``, or None where names starting with ``out_`` count.
        order_dependent: outputs that may differ within the tolerance between orders of execution.
        tensor_order: TENSOR_ORDER, or None for the order of generate_inputs' dict.
        sanitize: what the sanitizer always looks for here: ``pytest.mark.sim_sanitize`` in
            ``pytestmark``.
        options: of the simulation, by name: ``pytest.mark.sim`` in ``pytestmark``.
        fixtures: names of pytest's fixtures that the functions ask for, by function; none once they
            are bound.
        importable: has the modules beside golden.py importable, as its functions have them.
        scene: name of the class of a scene test, whose orchestration's signature says what the
            outputs are; empty for a golden.py.
        compare_outputs: called with the outputs of the device, those of compute_golden, and params;
            says which elements are compared. None where all are.
    """

    path: Path
    module: Any
    generate_inputs: Callable[[dict[str, Any]], Any]
    compute_golden: Callable[[dict[str, Any], dict[str, Any]], Any]
    cases: tuple[CaseSpec, ...]
    config: KernelConfig
    outputs: tuple[str, ...] | None = None
    tensor_order: tuple[str, ...] | None = None
    order_dependent: tuple[str, ...] = ()
    sanitize: tuple[Check, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    fixtures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tolerances: Tolerances = field(default_factory=Tolerances)
    scene: str = ""
    importable: Callable[[], AbstractContextManager[None]] = nullcontext
    compare_outputs: Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], Any] | None = None
