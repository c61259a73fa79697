"""How kernels are compiled so that they tell which memory they access: ``callbacks.cpp`` is told.

Compilers have this for ThreadSanitizer, whose library is left out. Each flag below closes a hole
through which accesses would escape unnoticed.
"""

from __future__ import annotations

from pytest_a2a3sim.building.store.fingerprint import digest_of_parts, read
from pytest_a2a3sim.version import INCLUDE_DIR, PACKAGE

CALLBACKS = (
    *(PACKAGE / "building" / f"callbacks{part}" for part in (".cpp", "_core.h", "_atomics.h")),
    INCLUDE_DIR / "a2a3sim" / "recorder.h",
)
"""The sources of the object that is linked into each instrumented kernel."""

CALLBACKS_SYMBOL = "a2a3sim_use_recorder"
"""What that object exports."""

_CALLBACK_FLAGS = (
    *("-std=c++17", "-O2", "-g0", "-w", "-fPIC", "-fvisibility=hidden", f"-I{INCLUDE_DIR}"),
    *("-fno-exceptions", "-fno-rtti", "-fno-builtin", "-c"),
)

_MEMORY_FUNCTIONS = ("memcpy", "memmove", "memset", "memcmp")

_FLAGS = (
    "-fsanitize=thread",
    # Compilers expand these where the size is constant, and say nothing about it.
    *(f"-fno-builtin-{name}" for name in (*_MEMORY_FUNCTIONS, "bcmp", "bcopy", "bzero", "mempcpy")),
    *(f"-D__builtin_{name}={name}" for name in _MEMORY_FUNCTIONS),
    "-U_FORTIFY_SOURCE",  # it has expansions of its own
    *("-include", "string.h"),  # what the library's headers call is declared
    # A structure that is passed or returned by value is copied where that can be seen.
    "-fno-elide-constructors",
)

_GCC = (
    "-fno-tree-loop-distribute-patterns",  # would make expanded calls of loops
)

# GCC tells of accesses before it vectorises, and then cannot. It has the same pass once more at
# the end, for code that is not optimised.
LATE = ("-fdisable-tree-tsan1", "-fenable-tree-tsan0")
"""Flags of GCC that have it tell of the accesses of the optimised code."""

_CLANG = (
    # Vectors of more than 16 bytes are not told,
    *("-fno-vectorize", "-fno-slp-vectorize"),
    # nor is a read before a write of the same address.
    *("-mllvm", "-tsan-instrument-read-before-write=1"),
)


_CALLS = "tsan-instrument-func-entry-exit="


def instrumentation_flags(*, is_gcc: bool, is_late: bool, tells_calls: bool) -> tuple[str, ...]:
    """What is added to a kernel's flags.

    Args:
        is_gcc: as opposed to clang.
        is_late: whether the accesses of the optimised code are told; of GCC.
        tells_calls: whether begins and ends of functions are told, as those of PTO ISA's
            instructions have to be; two of them that do the same remain two.
    """
    calls = f"{_CALLS}{int(tells_calls)}"
    inside = ("-DA2A3SIM_LOOKS_INSIDE",) if tells_calls else ()
    if not is_gcc:
        return (*_FLAGS, *_CLANG, "-mllvm", f"-{calls}", *inside)
    apart = ("-fno-ipa-icf",) if tells_calls else ()
    return (*_FLAGS, *_GCC, f"--param={calls}", *apart, *inside, *(LATE if is_late else ()))


def may_be_late(machine: str, flags: tuple[str, ...]) -> bool:
    """Whether the optimised code has no accesses that the late pass does not see.

    There are such: vectors with a mask, gathers, vectors of several structures. x86-64 has none of
    them unless flags grant it more than every such processor has.
    """
    return machine.startswith("x86_64") and not any(flag.startswith("-m") for flag in flags)


def callback_flags(*, is_gcc: bool) -> tuple[str, ...]:
    """How the callbacks are compiled: loops of memory functions must not become calls of them."""
    extra = "-fno-tree-loop-distribute-patterns" if is_gcc else "-fno-vectorize"
    return (*_CALLBACK_FLAGS, extra)


def callbacks_digest() -> str:
    """Names what the callbacks are made from."""
    contents = (read(str(source)) for source in CALLBACKS)
    return digest_of_parts(
        tuple(("source", content.digest) for content in contents if content is not None)
    )
