"""Entries of kernels and of orchestrations in their objects, and what is said where one lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.building.starting import unforked
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.spec import TENSOR_ENTRY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.building.store.manifest import ResultEntry
    from pytest_a2a3sim.building.unit import Unit
    from pytest_a2a3sim.model.spec import KernelConfig, KernelSpec, Runtime

DEFAULT_ENTRY = "kernel_entry"
_OF_ARGS = "(const ChipTaskArgs& args)"  # since April 2026; the others are of March
_FORMS: Mapping[Runtime, tuple[str, ...]] = {
    "tensormap_and_ringbuffer": (
        _OF_ARGS,
        "(const ChipStorageTaskArgs& args, int threads, int thread)",
        "(uint64_t* args, int count, int threads, int thread)",
        "(PTO2Runtime* rt, uint64_t* args, int count, int threads, int thread)",
    ),
    "aicpu_build_graph": (
        "(PTO2Runtime* rt, const ChipStorageTaskArgs& args)",
        "(PTO2Runtime* rt, const ChipStorageTaskArgs& args, int threads, int thread)",
        "(PTO2Runtime* rt, uint64_t* args, int count, int threads, int thread)",
        "(PTO2Runtime* rt, uint64_t* args, int count)",
    ),
}


def missing_source(unit: Unit, role: str) -> BuildError:
    """Says that a source is not there."""
    return BuildError(
        f"the source of {role} does not exist: {unit.source.name}\n  in {unit.source}\n"
        'Correct its "source" in kernel_config.py; relative paths start where that is.'
    )


def missing_symbols(
    config: KernelConfig,
    wanted: tuple[Unit, ...],
    entries: dict[Unit, ResultEntry],
    environment: Mapping[str, str],
) -> list[str]:
    """Says which entries objects lack, one text each."""
    errors = []
    for spec, unit in zip(config.kernels, wanted, strict=False):
        if entry_symbol(spec, entries[unit]) is None:
            candidates = _candidates(spec)
            errors.append(
                f"kernel {spec.name!r} (func_id {spec.func_id}) has no symbol "
                f"{' or '.join(repr(symbol) for symbol in candidates)}\n  in {unit.source}\n"
                f"It exports: {_listed(entries[unit].symbols, environment)}\n"
                f'Declare it `extern "C" void {candidates[-1]}(int64_t* args)`, or name the '
                'symbol in "entry" of kernel_config.py.'
            )
    symbol = config.orchestration.function_name
    exported = entries[wanted[-1]].symbols
    if symbol not in exported:
        errors.append(
            f"the orchestration has no symbol {symbol!r}\n  in {wanted[-1].source}\n"
            f"It exports: {_listed(exported, environment)}\n"
            f"{_how_to_declare(symbol, config.runtime.runtime)}"
        )
    return errors


def _how_to_declare(symbol: str, runtime: Runtime) -> str:
    if runtime == "host_build_graph":
        return (
            f'Declare it `extern "C" int {symbol}(Runtime* runtime, uint64_t* args, '
            'int arg_count)`, or correct ORCHESTRATION["function_name"].\n'
            "With pto_orchestration_api.h instead of runtime.h, both are "
            f"`void {TENSOR_ENTRY}{_OF_ARGS}`."
        )
    if symbol != TENSOR_ENTRY:  # the first form of aicpu_build_graph
        return (
            f'Declare it `extern "C" int {symbol}(Runtime* runtime)`, or correct '
            'ORCHESTRATION["function_name"].\n'
            f"With pto_orchestration_api.h instead of runtime.h, it is "
            f"`void {TENSOR_ENTRY}{_FORMS[runtime][-1]}`."
        )
    return "\n".join(
        [
            f"Orchestrations for {runtime} have this name, whatever function_name says.",
            "Include pto_orchestration_api.h, and declare it in one of these forms:",
            *(f'  extern "C" void {symbol}{form}' for form in _FORMS[runtime]),
        ]
    )


def _candidates(spec: KernelSpec) -> list[str]:
    return [spec.entry] if spec.entry else [DEFAULT_ENTRY, spec.compile.source.stem]


def entry_symbol(spec: KernelSpec, entry: ResultEntry) -> str | None:
    """The symbol of a kernel in its object; None if it has none."""
    return next((symbol for symbol in _candidates(spec) if symbol in entry.symbols), None)


def _listed(symbols: tuple[str, ...], environment: Mapping[str, str]) -> str:
    with unforked():
        from pytest_a2a3sim.building.symbols import demangled  # noqa: PLC0415 - only on failure

    return ", ".join(demangled(symbols, environment)) or "nothing"
