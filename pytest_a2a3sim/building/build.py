"""Sources -> shared objects: from the cache, or compiled in parallel."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from concurrent.futures import wait
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.cache import Cache
from pytest_a2a3sim.building.compile import CompileError
from pytest_a2a3sim.building.compile_queue import CompileQueue
from pytest_a2a3sim.building.objects import Objects
from pytest_a2a3sim.building.units import units
from pytest_a2a3sim.errors import BuildError
from pytest_a2a3sim.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future
    from types import TracebackType

    from typing_extensions import Self

    from pytest_a2a3sim.building.manifest import Entry
    from pytest_a2a3sim.building.units import Unit
    from pytest_a2a3sim.spec import KernelConfig, KernelSpec

DEFAULT_ENTRY = "kernel_entry"

_REPORT_SECONDS = 0.5


@dataclass(frozen=True)
class BuiltKernel:
    """A kernel's shared object and the symbol to call in it."""

    spec: KernelSpec
    path: Path
    symbol: str


@dataclass(frozen=True)
class BuiltCase:
    """Everything of one golden directory that is native.

    Attributes:
        kernels: in the order of kernel_config.py.
        orchestration_path: its shared object.
        orchestration_symbol: the function to call in it.
        compiled: sources that this session compiled and no earlier case has counted.
        cache_hits: sources whose objects were there already.
    """

    kernels: tuple[BuiltKernel, ...]
    orchestration_path: Path
    orchestration_symbol: str
    compiled: int = 0
    cache_hits: int = 0


@dataclass(frozen=True)
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


class Builder:
    """Builds golden directories for one session; its objects live as long as it does."""

    def __init__(
        self,
        cxxflags: tuple[str, ...] = (),
        cache: Cache | None = None,
        *,
        rebuild_since: float = 0.0,
        report: Callable[[BuildProgress], None] | None = None,
    ) -> None:
        """Compiles nothing yet.

        Args:
            cxxflags: added to every source's own.
            cache: where objects are kept; the user's by default.
            rebuild_since: take nothing that was compiled before then (seconds since the epoch).
            report: is told now and then how far a build is that a case waits for.
        """
        self._cxxflags = cxxflags
        self._cache = cache or Cache()
        self._report = report
        self._directory = tempfile.TemporaryDirectory(prefix="a2a3sim-")
        self._objects = Objects(Path(self._directory.name), self._cache, rebuild_since)
        self._queue: CompileQueue[Unit, Entry] = CompileQueue(usable_cpus(), self._objects.obtain)
        self._explained: dict[str, str] = {}

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Closes it."""
        self.close()

    def stop(self) -> None:
        """Ends running compilers at once; nothing can be built afterwards."""
        self._objects.stop()

    def close(self) -> None:
        """Deletes the session's objects and trims the cache.

        Compilers that run are waited for: other processes wait for their results too.
        """
        self._queue.close()
        self._directory.cleanup()
        self._cache.close()

    def take_note(self) -> str | None:
        """What the user should know about the cache, once."""
        return self._cache.take_note()

    def compile_early(self, configs: Iterable[KernelConfig], start: float = 0.0) -> None:
        """Starts compiling what cases will need, in their order, and returns at once.

        Args:
            configs: of the cases.
            start: where in that order to begin, from 0 to 1; the rest follows. Processes that
                build the same begin at different places.
        """
        distinct = dict.fromkeys(
            unit for config in configs for unit in units(config, self._cxxflags)
        )
        ordered = list(distinct)
        self._objects.expect(ordered)
        first = int(start * len(ordered))
        for unit in (*ordered[first:], *ordered[:first]):
            self._queue.submit(unit, urgent=False)

    def build(self, config: KernelConfig, asked_by: str = "an earlier case") -> BuiltCase:
        """The objects of the kernels and of the orchestration.

        Args:
            config: what to build.
            asked_by: names the case, for later ones that fail for the same reason.

        Raises:
            BuildError: a source is missing, does not compile, or lacks its symbol. All sources
                are tried first; the message has every error.
        """
        wanted = units(config, self._cxxflags)
        roles = [
            *(f"kernel {spec.name!r} (func_id {spec.func_id})" for spec in config.kernels),
            "the orchestration",
        ]
        entries, errors = self._obtain(dict(zip(wanted, roles, strict=True)), asked_by)
        if not errors:
            errors = _missing_symbols(config, wanted, entries)
        if errors:
            raise BuildError("\n\n".join(errors))
        copies = Counter[str]()
        paths = []
        for unit in wanted:  # kernels of one source have their own static variables
            copies[entries[unit].digest] += 1
            paths.append(self._objects.path(entries[unit], copies[entries[unit].digest]))
        compiled = self._objects.take_compiled(set(wanted))
        return BuiltCase(
            kernels=tuple(
                BuiltKernel(spec, path, _entry_symbol(spec, entries[unit]) or "")
                for spec, unit, path in zip(config.kernels, wanted, paths, strict=False)
            ),
            orchestration_path=paths[-1],
            orchestration_symbol=config.orchestration.function_name,
            compiled=len(compiled),
            cache_hits=len(entries) - len(compiled),
        )

    def _obtain(self, roles: dict[Unit, str], asked_by: str) -> tuple[dict[Unit, Entry], list[str]]:
        """The units' results, and the messages of those that have none."""
        self._objects.expect(roles)
        present = [unit for unit in roles if unit.source.is_file()]
        errors = [_missing_source(*item) for item in roles.items() if item[0] not in present]
        entries = self._objects.find(present)
        futures = {
            unit: self._queue.submit(unit, urgent=True) for unit in present if unit not in entries
        }
        self._wait(futures.values())
        for unit, future in futures.items():
            error = future.exception()
            if isinstance(error, CompileError):
                errors.append(self._explain(unit, roles[unit], error, asked_by))
            elif isinstance(error, BuildError):
                errors.append(str(error))
            else:
                entries[unit] = future.result()
        return entries, errors

    def _wait(self, futures: Iterable[Future[Entry]]) -> None:
        start = time.monotonic()
        pending = set(futures)
        while pending:
            pending = wait(pending, timeout=_REPORT_SECONDS).not_done
            if pending and self._report is not None:
                load = self._queue.load()
                running = tuple(unit.source.name for unit in load.running)
                seconds = time.monotonic() - start
                self._report(BuildProgress(load.done, load.total, running, seconds))

    def _explain(self, unit: Unit, role: str, error: CompileError, asked_by: str) -> str:
        """The whole story for the first case that meets an error, a reference for the others."""
        headline = f"{role} does not compile: {error.summary or unit.source}\n  in {unit.source}"
        first = self._explained.setdefault(error.details, asked_by)
        if first == asked_by:
            return f"{headline}\n{error.details}"
        return f"{headline}\nThe compiler's text and command are in the failure of {first}."


def _missing_source(unit: Unit, role: str) -> str:
    return (
        f"the source of {role} does not exist: {unit.source}\n"
        'Correct its "source" in kernel_config.py; relative paths start at kernels/.'
    )


def _missing_symbols(
    config: KernelConfig, wanted: tuple[Unit, ...], entries: dict[Unit, Entry]
) -> list[str]:
    errors = []
    for spec, unit in zip(config.kernels, wanted, strict=False):
        if _entry_symbol(spec, entries[unit]) is None:
            candidates = _candidates(spec)
            errors.append(
                f"kernel {spec.name!r} (func_id {spec.func_id}) has no symbol "
                f"{' or '.join(repr(symbol) for symbol in candidates)} ({unit.source})\n"
                f"It exports: {_listed(entries[unit].symbols)}\n"
                f'Declare it `extern "C" void {candidates[-1]}(int64_t* args)`, or name the '
                'symbol in "entry" of kernel_config.py.'
            )
    symbol = config.orchestration.function_name
    exported = entries[wanted[-1]].symbols
    if symbol not in exported:
        errors.append(
            f"the orchestration has no symbol {symbol!r} ({wanted[-1].source})\n"
            f"It exports: {_listed(exported)}\n"
            f'Declare it `extern "C" int {symbol}(Runtime* runtime, uint64_t* args, '
            'int arg_count)`, or correct ORCHESTRATION["function_name"].'
        )
    return errors


def _candidates(spec: KernelSpec) -> list[str]:
    return [spec.entry] if spec.entry else [DEFAULT_ENTRY, spec.compile.source.stem]


def _entry_symbol(spec: KernelSpec, entry: Entry) -> str | None:
    return next((symbol for symbol in _candidates(spec) if symbol in entry.symbols), None)


def _listed(symbols: tuple[str, ...]) -> str:
    return ", ".join(symbols) if symbols else "nothing"
