"""Sources -> shared objects: from the cache, or compiled in parallel."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.compile_error import CompileError
from pytest_a2a3sim.building.compilers import Compilers
from pytest_a2a3sim.building.complaints import Complaints
from pytest_a2a3sim.building.entries import entry_symbol, missing_source, missing_symbols
from pytest_a2a3sim.building.processes import lack_of_processes
from pytest_a2a3sim.building.pto_isa import lacks_something
from pytest_a2a3sim.building.results import source_name
from pytest_a2a3sim.building.session import Session
from pytest_a2a3sim.building.store.cache import Cache
from pytest_a2a3sim.building.toolchain import compiler_environment
from pytest_a2a3sim.building.unit import longest_first, there, units
from pytest_a2a3sim.building.workspace import lack_of_space, unusable
from pytest_a2a3sim.model.case import BuildProgress, BuiltCase, BuiltKernel
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pytest_a2a3sim.building.objects import Objects
    from pytest_a2a3sim.building.queue import QueueLoad
    from pytest_a2a3sim.building.store.goldens import StoredGoldens
    from pytest_a2a3sim.building.store.manifest import ResultEntry
    from pytest_a2a3sim.building.unit import Unit
    from pytest_a2a3sim.model.case import Instrumentation
    from pytest_a2a3sim.model.spec import KernelConfig

_NOTHING: Iterator[object] = iter(())


class Builder(AbstractContextManager["Builder"]):
    """Builds golden directories for one session; its objects live as long as it does.

    Attributes:
        cache: where objects are kept.
        environment: of compilers.
    """

    def __init__(
        self,
        cxxflags: tuple[str, ...] = (),
        cache: Cache | None = None,
        *,
        rebuild_since: float = 0.0,
        environment: Mapping[str, str] | None = None,
        on_progress: Callable[[BuildProgress], None] | None = None,
    ) -> None:
        """Compiles nothing yet.

        Args:
            cxxflags: added to every source's own.
            cache: where objects are kept; the user's by default.
            rebuild_since: take nothing that was compiled before then (seconds since the epoch).
            environment: of compilers; see :func:`compiler_environment`.
            on_progress: is told now and then how far a build is that a case waits for.
        """
        self._cxxflags = cxxflags
        self.cache = cache or Cache()
        self.environment = compiler_environment() if environment is None else environment
        self._compilers = Compilers(self.environment, self.cache)
        self._rebuild_since = rebuild_since
        self._on_progress = on_progress
        self._sessions: dict[int, Session] = {}  # by process; a forked child knows its parent's
        self._complaints = Complaints(self.environment)

    def _open(self) -> Session:
        """This process's session, made when it is needed.

        Raises:
            BuildError: there is no place for its objects.
        """
        if own := self._own():
            return own
        parent = next(reversed(self._sessions.values()), None)
        cache = self.cache
        if parent is not None:  # a lock of its cache may have been held when this one was forked
            cache = Cache(cache.directory, cache.limit, is_shared=cache.is_shared)
        made = Session(cache, self.environment, self._rebuild_since, parent)
        kept = self._sessions.setdefault(os.getpid(), made)
        if kept is not made:  # another thread was faster
            made.close()
        return kept

    def _own(self) -> Session | None:
        return self._sessions.get(os.getpid())

    def __exit__(self, *_: object) -> None:
        """Closes it."""
        self.close()

    def stop(self) -> None:
        """Ends running compilers at once; nothing can be built afterwards."""
        if session := self._own():
            session.objects.stop()

    def close(self) -> None:
        """Waits for compilers, as other processes may; deletes objects and trims the cache."""
        if session := self._own():
            session.close()

    def goldens(self) -> StoredGoldens:
        """Expected outputs that are kept in the same cache.

        Raises:
            BuildError: there is no place for the session's objects.
        """
        return self._open().goldens

    def units(
        self, config: KernelConfig, instrumentation: Instrumentation, compiler: str | None
    ) -> tuple[tuple[Unit, ...], Objects]:
        """What a directory is built from by a compiler, and the session's objects.

        Raises:
            BuildError: there is no place for them.
        """
        chosen = config.compiler or compiler
        return units(config, self._cxxflags, instrumentation, chosen), self._open().objects

    def take_note(self) -> str | None:
        """What the user should know about the cache, once."""
        session = self._own()
        return None if session is None else session.cache.take_note()

    def prepare(self) -> None:
        """Begins with what compilations need besides sources, where nothing was compiled yet."""
        with contextlib.suppress(BuildError):  # the cases will tell
            self._open().prepare()

    def compile_ahead(self, config: KernelConfig) -> None:
        """Starts compiling an orchestration that the cache has never had, and returns at once."""
        with contextlib.suppress(BuildError):
            session = self._open()
            orchestration = units(config, self._cxxflags)[-1]
            if self.cache.latest_key(source_name(orchestration)) is None:
                session.compile_ahead(lambda: self._units(session, config, "none")[-1])

    def compile_early(
        self, wanted: Iterable[tuple[KernelConfig, Instrumentation]], start: float = 0.0
    ) -> None:
        """Starts compiling what cases will need, in their order, and returns at once.

        Where that is impossible, the cases will tell.

        Args:
            wanted: what the cases are built from, and how it is instrumented.
            start: where in that order to begin, from 0 to 1; the rest follows. Processes that
                build the same begin at different places.
        """
        with contextlib.suppress(BuildError):
            session = self._open()
            session.compile_early([self._units(session, *item) for item in wanted], start)

    def build(
        self,
        config: KernelConfig,
        asked_by: str = "an earlier case",
        instrumentation: Instrumentation = "none",
        meanwhile: Iterator[object] = _NOTHING,
    ) -> BuiltCase:
        """The objects of the kernels and of the orchestration.

        Args:
            config: what to build.
            asked_by: names the case, for later ones that fail for the same reason.
            instrumentation: whether kernels tell which memory they access.
            meanwhile: steps of other work, taken one after the other while compilers run.

        Raises:
            BuildError: a source is missing, does not compile, or lacks its symbol. All sources
                are tried first; the message has every error.
        """
        session = self._open()
        try:
            wanted = self._units(session, config, instrumentation)
            try:
                return self._build(session, config, wanted, asked_by, meanwhile)
            except BuildError as error:
                if built := self._built_by_another(session, config, instrumentation, error):
                    return built
                raise
        except OSError as error:
            raise unusable(session.directory, error) from None

    def _units(
        self, session: Session, config: KernelConfig, instrumentation: Instrumentation
    ) -> tuple[Unit, ...]:
        """What a directory is built from, by the compiler that it is built with."""

        def by(compiler: str | None) -> tuple[Unit, ...]:
            return units(config, self._cxxflags, instrumentation, compiler)

        def is_built(compiler: str | None) -> bool:
            wanted = by(compiler)
            is_there = all(unit.source.is_file() for unit in wanted)
            return is_there and len(session.objects.find(wanted)) == len(set(wanted))

        return by(self._compilers.choose(config, is_built))

    def _built_by_another(
        self,
        session: Session,
        config: KernelConfig,
        instrumentation: Instrumentation,
        error: BuildError,
    ) -> BuiltCase | None:
        """Builds a directory with the newest compiler that has what the first one lacks."""
        lacks = any(lacks_something(message.text) for message in error.messages)
        if not (lacks and self._compilers.may_choose(config)):
            return None
        for compiler in self._compilers.others():
            wanted = units(config, self._cxxflags, instrumentation, compiler)
            with contextlib.suppress(BuildError):
                built = self._build(session, config, wanted, compiler)
                self._compilers.keep(config, compiler)
                return built
        return None

    def _build(
        self,
        session: Session,
        config: KernelConfig,
        wanted: tuple[Unit, ...],
        asked_by: str,
        meanwhile: Iterator[object] = _NOTHING,
    ) -> BuiltCase:
        roles = [
            *(f"kernel {spec.name!r} (func_id {spec.func_id})" for spec in config.kernels),
            "the orchestration",
        ]
        named = dict(zip(wanted, roles, strict=True))
        entries, errors = self._obtain(session, named, asked_by, meanwhile)
        if not errors:
            missing = missing_symbols(config, wanted, entries, self.environment)
            errors = [BuildError(text) for text in missing]
        if errors:
            raise BuildError(
                "\n\n".join(dict.fromkeys(map(str, errors))),
                tuple(message for error in errors for message in error.messages),
            )
        copies, paths = Counter[str](), []
        for unit in wanted:  # kernels of one source have their own static variables
            copies[entries[unit].digest] += 1
            paths.append(session.objects.path(unit, entries[unit], copies[entries[unit].digest]))
        compiled = session.objects.take_compiled(set(wanted))
        return BuiltCase(
            kernels=tuple(
                BuiltKernel(spec, path, entry_symbol(spec, entries[unit]) or "")
                for spec, unit, path in zip(config.kernels, wanted, paths, strict=False)
            ),
            orchestration_path=paths[-1],
            orchestration_symbol=config.orchestration.function_name,
            runtime=config.runtime,
            compiled=len(compiled),
            cache_hits=len(entries) - len(compiled),
            compiler=None if config.compiler else wanted[0].compiler,
            digests=tuple(entries[unit].digest for unit in wanted),
        )

    def _obtain(
        self, session: Session, roles: dict[Unit, str], asked_by: str, meanwhile: Iterator[object]
    ) -> tuple[dict[Unit, ResultEntry], list[BuildError]]:
        """The units' results, and the errors of those that have none."""
        session.objects.expect(roles)
        present = there(roles)
        errors = [missing_source(*item) for item in roles.items() if item[0] not in present]
        entries = session.objects.find(present)
        lacking = [unit for unit in present if unit not in entries]
        futures = {unit: session.queue.submit(unit, urgent=True) for unit in longest_first(lacking)}
        session.queue.wait(futures.values(), meanwhile, self._tell)
        failed = [unit for unit in lacking if futures[unit].exception() is not None]
        futures |= session.again(failed, self._tell)
        for unit in lacking:  # errors are told in their order
            error = futures[unit].exception()
            if isinstance(error, CompileError):
                says_why = bool(error.summary)
                if lack := lack_of_processes(error.details):
                    raise lack
                if full := lack_of_space(session.directory, error.details, says_why=says_why):
                    raise full
                errors.append(self._complaints.of(unit, roles[unit], error, asked_by))
            elif isinstance(error, BuildError):
                errors.append(error)
            else:
                entries[unit] = futures[unit].result()
        return entries, errors

    def _tell(self, load: QueueLoad[Unit], seconds: float) -> None:
        if self._on_progress is not None:
            running = tuple(unit.source.name for unit in load.running)
            self._on_progress(BuildProgress(load.done, load.total, running, seconds))
