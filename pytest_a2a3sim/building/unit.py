"""What is compiled: sources with their flags."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal

from pytest_a2a3sim.building.checkout import Checkout, checkout_of
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.version import INCLUDE_DIR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pytest_a2a3sim.model.case import Instrumentation
    from pytest_a2a3sim.model.spec import CompileSpec, CoreType, KernelConfig, Runtime

_COMPILE_FLAGS = ("-fPIC", "-pipe", "-g1", "-fno-optimize-sibling-calls")
_KERNEL_FLAGS = (
    "-std=c++2b",  # C++23, by the name that older compilers know too
    "-O3",
    "-fpermissive",
    "-ffp-contract=off",
    "-D__CPU_SIM",
    "-DPTO_CPU_MAX_THREADS=1",
    "-DNDEBUG",
    "-D__gm__=",
    "-D__aicore__=",
)
_CORE_FLAGS: Mapping[CoreType, tuple[str, ...]] = {  # what Ascend's compilers define, too
    "aic": ("-D__AIC__", "-D__DAV_CUBE__"),
    "aiv": ("-D__AIV__", "-D__DAV_VEC__"),
}
_COMPRESSED = "-gz"
_ORCHESTRATION_FLAGS = ("-std=c++17", "-O2")


@frozen
class Unit:
    """A source, and how it is compiled.

    Attributes:
        core_type: of a kernel, None of the orchestration; it decides the default flags.
        entry: the symbol that its author names, if any.
        compile: the source and its author's flags.
        session_flags: flags added to every source's own.
        instrumentation: whether it tells which memory it accesses.
        runtime: whose headers it includes.
        compiler: the command of its own compiler; None for the session's.
    """

    core_type: CoreType | None
    entry: str | None
    compile: CompileSpec
    session_flags: tuple[str, ...] = ()
    instrumentation: Instrumentation = "none"
    runtime: Runtime = "host_build_graph"
    compiler: str | None = None

    @property
    def kind(self) -> Literal["kernel", "orchestration"]:
        """What its object is loaded as."""
        return "kernel" if self.core_type else "orchestration"

    @property
    def source(self) -> Path:
        """The source, absolute."""
        return self.compile.source

    @property
    def directory(self) -> Path:
        """Where the compiler runs: relative paths in flags start here."""
        return self.source.parent

    @functools.cached_property
    def checkout(self) -> Checkout:
        """The checkout that the source is in; none where objects would not be good for others."""
        if any(flag.startswith(_COMPRESSED) for flag in self.user_flags):
            return Checkout("")
        return checkout_of(self.source)

    @property
    def user_flags(self) -> tuple[str, ...]:
        """The flags of the session and of the source's author."""
        return (*self.session_flags, *self.compile.cxxflags)

    def flags(self, more_includes: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Every flag of the compiler, in order; more directories come after the author's."""
        spec = self.compile
        includes = (*spec.include_dirs, *self._include_dirs(), *more_includes)
        return (
            *_COMPILE_FLAGS,
            *self._default_flags(),
            *(f"-D{name}={value}" if value else f"-D{name}" for name, value in spec.defines),
            *(f"-I{directory}" for directory in includes),
            *self.user_flags,
        )

    def _include_dirs(self) -> tuple[str, ...]:
        return (str(INCLUDE_DIR / self.runtime), str(INCLUDE_DIR))

    def _default_flags(self) -> tuple[str, ...]:
        if self.core_type is None:
            return _ORCHESTRATION_FLAGS
        return (*_KERNEL_FLAGS, *_CORE_FLAGS[self.core_type])


def units(
    config: KernelConfig,
    session_flags: tuple[str, ...] = (),
    instrumentation: Instrumentation = "none",
    compiler: str | None = None,
) -> tuple[Unit, ...]:
    """Everything of a kernel_config.py that is compiled: the kernels, then the orchestration.

    Args:
        config: the kernel_config.py.
        session_flags: flags added to every source's own.
        instrumentation: whether kernels tell which memory they access.
        compiler: the command of their own compiler; None for the session's.
    """
    orchestration = config.orchestration
    runtime = config.runtime.runtime
    return (
        *(
            Unit(k.core_type, k.entry, k.compile, session_flags, instrumentation, runtime, compiler)
            for k in config.kernels
        ),
        Unit(
            None,
            orchestration.function_name,
            orchestration.compile,
            session_flags,
            runtime=runtime,
            compiler=compiler,
        ),
    )


def there(wanted: Iterable[Unit]) -> list[Unit]:
    """Those that have a source, each once."""
    return [unit for unit in dict.fromkeys(wanted) if unit.source.is_file()]


def longest_first(wanted: Iterable[Unit]) -> list[Unit]:
    """The orchestration includes most, and would be compiled last while other CPUs are idle."""
    return sorted(wanted, key=lambda unit: unit.kind == "kernel")
