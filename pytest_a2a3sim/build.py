"""Sources -> shared objects, all of a case in parallel."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.errors import BuildError
from pytest_a2a3sim.settings import usable_cpus
from pytest_a2a3sim.toolchain import find_toolchain

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from pytest_a2a3sim.spec import KernelConfig, KernelSpec
    from pytest_a2a3sim.toolchain import Toolchain

DEFAULT_ENTRY = "kernel_entry"


@dataclass(frozen=True)
class BuiltKernel:
    """A kernel's shared object and the symbol to call in it."""

    spec: KernelSpec
    path: Path
    symbol: str


@dataclass(frozen=True)
class BuiltCase:
    """Everything of one golden directory that is native."""

    kernels: tuple[BuiltKernel, ...]
    orchestration_path: Path
    orchestration_symbol: str


class Builder:
    """Compiles into a temporary directory that lives as long as the builder."""

    def __init__(self, cxxflags: tuple[str, ...] = ()) -> None:
        self._cxxflags = cxxflags
        self._directory = tempfile.TemporaryDirectory(prefix="a2a3sim-")
        self._pool = ThreadPoolExecutor(usable_cpus(), thread_name_prefix="a2a3sim-build")
        self._objects = 0

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Deletes every object."""
        self.close()

    def close(self) -> None:
        """Waits for running compilers and deletes every object."""
        self._pool.shutdown(cancel_futures=True)
        self._directory.cleanup()

    def build(self, config: KernelConfig) -> BuiltCase:
        """Compiles the kernels and the orchestration.

        Raises:
            BuildError: a source is missing, does not compile, or lacks its symbol. All sources
                are tried first; the message has every error.
        """
        toolchain = find_toolchain()
        kernels = [self._pool.submit(self._kernel, toolchain, spec) for spec in config.kernels]
        orchestration = self._pool.submit(self._orchestration, toolchain, config)
        futures: list[Future[Any]] = [*kernels, orchestration]
        errors = [error for future in futures if (error := _error(future))]
        if errors:
            raise BuildError("\n\n".join(dict.fromkeys(errors)))
        return BuiltCase(
            kernels=tuple(future.result() for future in kernels),
            orchestration_path=orchestration.result(),
            orchestration_symbol=config.orchestration.function_name,
        )

    def _output(self, source: Path) -> Path:
        self._objects += 1
        return Path(self._directory.name) / f"{self._objects}-{source.stem}.so"

    def _kernel(self, toolchain: Toolchain, spec: KernelSpec) -> BuiltKernel:
        output = self._output(spec.compile.source)
        command = toolchain.kernel_command(spec.compile, self._cxxflags, output)
        _compile(f"kernel {spec.name!r} (func_id {spec.func_id})", spec.compile.source, command)
        return BuiltKernel(spec, output, _entry_symbol(spec, output))

    def _orchestration(self, toolchain: Toolchain, config: KernelConfig) -> Path:
        spec = config.orchestration.compile
        output = self._output(spec.source)
        command = toolchain.orchestration_command(spec, self._cxxflags, output)
        _compile("the orchestration", spec.source, command)
        symbol = config.orchestration.function_name
        exported = exported_symbols(output)
        if symbol not in exported:
            raise BuildError(
                f"the orchestration has no symbol {symbol!r} ({spec.source})\n"
                f"It exports: {_listed(exported)}\n"
                f'Declare it `extern "C" int {symbol}(Runtime* runtime, uint64_t* args, '
                'int arg_count)`, or correct ORCHESTRATION["function_name"].'
            )
        return output


def _error(future: Future[Any]) -> str | None:
    error = future.exception()
    if error is not None and not isinstance(error, BuildError):
        raise error
    return None if error is None else str(error)


def _compile(what: str, source: Path, command: list[str]) -> None:
    if not source.is_file():
        raise BuildError(
            f"the source of {what} does not exist: {source}\n"
            'Correct its "source" in kernel_config.py; relative paths start at kernels/.'
        )
    done = subprocess.run(  # noqa: S603 - the user's own compiler
        command,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode != 0:
        raise BuildError(
            f"{what} does not compile: {source}\n"
            f"{(done.stderr or done.stdout).rstrip()}\n"
            f"command: {shlex.join(command)}\n"
            f"exit status: {done.returncode}"
        )


def _entry_symbol(spec: KernelSpec, path: Path) -> str:
    exported = exported_symbols(path)
    candidates = [spec.entry] if spec.entry else [DEFAULT_ENTRY, spec.compile.source.stem]
    for symbol in candidates:
        if symbol in exported:
            return symbol
    raise BuildError(
        f"kernel {spec.name!r} (func_id {spec.func_id}) has no symbol "
        f"{' or '.join(repr(symbol) for symbol in candidates)} ({spec.compile.source})\n"
        f"It exports: {_listed(exported)}\n"
        f'Declare it `extern "C" void {candidates[-1]}(int64_t* args)`, or name the symbol in '
        '"entry" of kernel_config.py.'
    )


def _listed(symbols: list[str]) -> str:
    return ", ".join(symbols) if symbols else "nothing"


def exported_symbols(path: Path) -> list[str]:
    """Names of the functions that a shared object exports, sorted.

    Raises:
        BuildError: ``nm``, which comes with every C++ compiler, cannot read the object.
    """
    try:
        listing = subprocess.run(  # noqa: S603 - reads an object that the compiler made
            ["nm", "-D", "-P", "--defined-only", str(path)],  # noqa: S607 - the one on PATH
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise BuildError(
            f"the symbols of {path} cannot be listed: {error}\nInstall binutils."
        ) from None
    rows = (line.split() for line in listing.splitlines())
    return sorted(row[0] for row in rows if len(row) > 1 and row[1] == "T")
