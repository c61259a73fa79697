"""Sources -> shared objects: from the cache, or compiled in parallel."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from concurrent.futures import wait
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.compile import CompileError
from pytest_a2a3sim.building.objects import Objects
from pytest_a2a3sim.building.queue import CompileQueue
from pytest_a2a3sim.building.store.cache import Cache
from pytest_a2a3sim.building.unit import units
from pytest_a2a3sim.model.case import BuildProgress, BuiltCase, BuiltKernel
from pytest_a2a3sim.model.errors import BuildError
from pytest_a2a3sim.model.settings import usable_cpus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future

    from pytest_a2a3sim.building.store.manifest import ResultEntry
    from pytest_a2a3sim.building.unit import Unit
    from pytest_a2a3sim.model.spec import KernelConfig, KernelSpec

DEFAULT_ENTRY = "kernel_entry"

_PROGRESS_SECONDS = 0.5


class Builder(AbstractContextManager["Builder"]):
    """Builds golden directories for one session; its objects live as long as it does."""

    def __init__(
        self,
        cxxflags: tuple[str, ...] = (),
        cache: Cache | None = None,
        *,
        rebuild_since: float = 0.0,
        on_progress: Callable[[BuildProgress], None] | None = None,
    ) -> None:
        """Compiles nothing yet.

        Args:
            cxxflags: added to every source's own.
            cache: where objects are kept; the user's by default.
            rebuild_since: take nothing that was compiled before then (seconds since the epoch).
            on_progress: is told now and then how far a build is that a case waits for.
        """
        self._cxxflags = cxxflags
        self._cache = cache or Cache()
        self._on_progress = on_progress
        self._directory = tempfile.TemporaryDirectory(prefix="a2a3sim-")
        self._objects = Objects(Path(self._directory.name), self._cache, rebuild_since)
        self._queue: CompileQueue[Unit, ResultEntry] = CompileQueue(
            usable_cpus(), self._objects.obtain
        )
        self._told: dict[str, str] = {}

    def __exit__(self, *_: object) -> None:
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
            errors = [BuildError(text) for text in _missing_symbols(config, wanted, entries)]
        if errors:
            raise BuildError(
                "\n\n".join(map(str, errors)),
                tuple(message for error in errors for message in error.messages),
            )
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

    def _obtain(
        self, roles: dict[Unit, str], asked_by: str
    ) -> tuple[dict[Unit, ResultEntry], list[BuildError]]:
        """The units' results, and the errors of those that have none."""
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
                errors.append(self._error_of(unit, roles[unit], error, asked_by))
            elif isinstance(error, BuildError):
                errors.append(error)
            else:
                entries[unit] = future.result()
        return entries, errors

    def _wait(self, futures: Iterable[Future[ResultEntry]]) -> None:
        start = time.monotonic()
        pending = set(futures)
        while pending:
            pending = wait(pending, timeout=_PROGRESS_SECONDS).not_done
            if pending and self._on_progress is not None:
                load = self._queue.load()
                running = tuple(unit.source.name for unit in load.running)
                seconds = time.monotonic() - start
                self._on_progress(BuildProgress(load.done, load.total, running, seconds))

    def _error_of(self, unit: Unit, role: str, error: CompileError, asked_by: str) -> BuildError:
        """The whole story for the first case that meets an error, a reference for the others."""
        headline = f"{role} does not compile: {error.summary or unit.source}\n  in {unit.source}"
        first = self._told.setdefault(error.details, asked_by)
        details = error.details
        if first != asked_by:
            details = f"The compiler's text and command are in the failure of {first}."
        return BuildError(f"{headline}\n{details}", error.messages)


def _missing_source(unit: Unit, role: str) -> BuildError:
    return BuildError(
        f"the source of {role} does not exist: {unit.source}\n"
        'Correct its "source" in kernel_config.py; relative paths start at kernels/.'
    )


def _missing_symbols(
    config: KernelConfig, wanted: tuple[Unit, ...], entries: dict[Unit, ResultEntry]
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


def _entry_symbol(spec: KernelSpec, entry: ResultEntry) -> str | None:
    return next((symbol for symbol in _candidates(spec) if symbol in entry.symbols), None)


def _listed(symbols: tuple[str, ...]) -> str:
    return ", ".join(symbols) if symbols else "nothing"
