"""What is compiled: sources with their flags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_a2a3sim.version import INCLUDE_DIR

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.spec import CompileSpec, KernelConfig

Instrumentation = Literal["none", "fast", "exact"]
"""Whether a kernel tells which memory it accesses.

``fast``: what the optimised code accesses, which may be more than the source does: a vector has
elements that nobody wanted. ``exact``: what the source accesses, several times as slowly.
"""

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
_ORCHESTRATION_FLAGS = ("-std=c++17", "-O2")


@dataclass(frozen=True)
class Unit:
    """A source, and how it is compiled.

    Attributes:
        kind: decides the default flags.
        entry: the symbol that its author names, if any.
        compile: the source and its author's flags.
        session_flags: flags added to every source's own.
        instrumentation: whether it tells which memory it accesses.
    """

    kind: Literal["kernel", "orchestration"]
    entry: str | None
    compile: CompileSpec
    session_flags: tuple[str, ...] = ()
    instrumentation: Instrumentation = "none"

    @property
    def source(self) -> Path:
        """The source, absolute."""
        return self.compile.source

    @property
    def directory(self) -> Path:
        """Where the compiler runs: relative paths in flags start here."""
        return self.source.parent

    @property
    def user_flags(self) -> tuple[str, ...]:
        """The flags of the session and of the source's author."""
        return (*self.session_flags, *self.compile.cxxflags)

    def flags(self, more_includes: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Every flag of the compiler, in order; more directories come after the author's."""
        spec = self.compile
        includes = (*spec.include_dirs, str(INCLUDE_DIR), *more_includes)
        return (
            *_COMPILE_FLAGS,
            *(_KERNEL_FLAGS if self.kind == "kernel" else _ORCHESTRATION_FLAGS),
            *(f"-D{name}={value}" if value else f"-D{name}" for name, value in spec.defines),
            *(f"-I{directory}" for directory in includes),
            *self.user_flags,
        )


def units(
    config: KernelConfig,
    session_flags: tuple[str, ...] = (),
    instrumentation: Instrumentation = "none",
) -> tuple[Unit, ...]:
    """Everything of a kernel_config.py that is compiled: the kernels, then the orchestration.

    Args:
        config: the kernel_config.py.
        session_flags: flags added to every source's own.
        instrumentation: whether kernels tell which memory they access.
    """
    orchestration = config.orchestration
    return (
        *(
            Unit("kernel", kernel.entry, kernel.compile, session_flags, instrumentation)
            for kernel in config.kernels
        ),
        Unit("orchestration", orchestration.function_name, orchestration.compile, session_flags),
    )
