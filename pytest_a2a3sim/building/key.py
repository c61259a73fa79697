"""Everything that decides what a source is compiled to, except what the compiler finds."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.instrumentation import callbacks_digest
from pytest_a2a3sim.building.store.fingerprint import read
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.building.store.manifest import Part
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit

_ENVIRONMENT = (
    "CPATH",
    "C_INCLUDE_PATH",
    "CPLUS_INCLUDE_PATH",
    "LIBRARY_PATH",
    "COMPILER_PATH",
    "GCC_EXEC_PREFIX",
    "CCC_OVERRIDE_OPTIONS",
    "CLANG_CONFIG_PATH",
    "SOURCE_DATE_EPOCH",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "PTO_ISA_ROOT",
)


def key_parts(unit: Unit, toolchain: Toolchain, source_digest: str) -> tuple[Part, ...]:
    """Everything that decides what a source is compiled to, except what the compiler finds."""
    parts = (
        ("kind", unit.kind),
        *environment_parts(unit, toolchain),
        ("entry", unit.entry or ""),
        ("source path", str(unit.source)),
        ("source content", source_digest),
    )
    return unit.checkout.parts(parts)


def environment_parts(unit: Unit, toolchain: Toolchain) -> tuple[Part, ...]:
    """What of that does not depend on the source: compiler, flags and environment."""
    return (
        ("engine", _engine_digest()),
        *toolchain.identity,
        *(("flag", flag) for flag in toolchain.flags(unit)),
        *((("callbacks", callbacks_digest()),) if unit.instrumentation != "none" else ()),
        *key_environment(toolchain.environment),
    )


def key_environment(environment: Mapping[str, str]) -> tuple[Part, ...]:
    """What changes a compiler's result without being on its command line."""
    variables = ((name, environment.get(name)) for name in _ENVIRONMENT)
    return tuple((f"environment {name}", value) for name, value in variables if value)


@functools.cache
def _engine_digest() -> str:
    """SHA-256 of the engine's ABI. The headers that sources include are found by the compiler."""
    content = read(str(PACKAGE / "native" / "engine_api.h"))
    return "" if content is None else content.digest
