"""A session: settings, and a builder that is made when the first case needs it."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.checks import in_order
from pytest_a2a3sim.model.errors import A2A3SimWarning, BuildError, SettingsError
from pytest_a2a3sim.model.progress import Listeners
from pytest_a2a3sim.model.result import Attempt, CaseFacts
from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pytest_a2a3sim.affected.gate import Gate
    from pytest_a2a3sim.affected.since import Since
    from pytest_a2a3sim.affected.watch import CaseWatch
    from pytest_a2a3sim.building.builder import Builder
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.model.between_cases import BetweenCases
    from pytest_a2a3sim.model.case import BuildProgress, Instrumentation
    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.progress import Progress, RunProgress
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec, KernelConfig
    from pytest_a2a3sim.tracing import Trace


class Simulator:
    """Runs golden directories with one session's settings.

    NumPy and the engine are imported when the first case runs: pytest makes a simulator at every
    start, in projects without a golden file too.

    Attributes:
        settings: of the session.
        report_build: is told now and then how far a build is that a case waits for.
        report_result: gets what run_case returns, before that does.
        report_run: is told several times a second how far the graph of a case is, and None at its
            end.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.report_result: Callable[[CaseResult], None] | None = None
        self.report_build: Callable[[BuildProgress], None] | None = None
        self.report_run: Callable[[RunProgress | None], None] | None = None
        self._builder: Builder | None = None

    def run_case(
        self,
        golden: str | os.PathLike[str],
        case: str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        kernels: str | os.PathLike[str] | None = None,
        settings: Settings | Mapping[str, object] | None = None,
    ) -> CaseResult:
        """Builds, simulates and compares one case; see :func:`pytest_a2a3sim.run_case`.

        ``settings`` are used instead of the session's; a dict has those that differ from them, such
        as ``{"threads": 1, "schedule": "fifo"}``.
        """
        from pytest_a2a3sim.loading.golden import load_case  # noqa: PLC0415 - needs NumPy

        if isinstance(settings, Settings):
            result = run_case(golden, case, params=params, kernels=kernels, settings=settings)
        else:
            spec, chosen = load_case(golden, case, params=params, kernels=kernels)
            if settings:
                from pytest_a2a3sim.model.overrides import overridden  # noqa: PLC0415 - only on demand

                overridden(self.settings, settings, "run_case(settings=...)")
                spec = replace(spec, options={**spec.options, **settings})
            result = self.attempt(spec, chosen).get()
        if self.report_result is not None:
            self.report_result(result)
        return result

    def attempt(
        self,
        golden: GoldenSpec,
        case: CaseSpec,
        progress: Progress | None = None,
        between: BetweenCases | None = None,
    ) -> Attempt:
        """Builds, simulates and compares one case of a loaded directory, however it ends.

        For ``progress`` and ``between`` see :class:`Listeners`.
        """
        from pytest_a2a3sim.pipeline import attempt_case  # noqa: PLC0415 - needs NumPy

        try:
            settings = replace(self._settings(golden), sanitize=self._checks(golden))
        except SettingsError as error:
            return Attempt(CaseFacts(), error=error)
        builder = self._open_builder()
        try:
            listeners = Listeners(progress, self.report_run, between)
            return attempt_case(golden, case, settings, builder, listeners)
        finally:
            if note := builder.take_note():
                warnings.warn(note, A2A3SimWarning, stacklevel=2)

    def trace(self, golden: GoldenSpec, case: CaseSpec) -> Trace | None:
        """What the data of a case says; None if it does not run to its end."""
        from pytest_a2a3sim.tracing import trace_case  # noqa: PLC0415 - needs NumPy

        return trace_case(golden, case, self.settings, self._open_builder())

    def prepare(self) -> None:
        """Begins with what compilations need; see :meth:`Builder.prepare`."""
        self._open_builder().prepare()

    def compile_ahead(self, config: KernelConfig) -> None:
        """Starts compiling an orchestration; see :meth:`Builder.compile_ahead`."""
        self._open_builder().compile_ahead(config)

    def compile_early(self, goldens: Iterable[GoldenSpec], start: float = 0.0) -> None:
        """Starts compiling what the golden directories need; see :meth:`Builder.compile_early`."""
        wanted = []
        for golden in goldens:
            with contextlib.suppress(SettingsError):  # fails the case, when it runs
                wanted.append((golden.config, self.instrumentation(golden)))
        if wanted:
            self._open_builder().compile_early(wanted, start)

    @property
    def cache(self) -> Cache:
        """Where objects are kept, and passes."""
        return self._open_builder().cache

    def gate(self, root: Path, parts: Sequence[tuple[str, str]], until: float) -> Gate:
        """What judges whether cases have passed as they are now; see :class:`Gate`."""
        from pytest_a2a3sim.affected.gate import Gate  # noqa: PLC0415 - only on demand

        return Gate(self._open_builder(), root, parts, until, self.settings.rebuild_since)

    def since(self, reference: str, root: Path, watch: CaseWatch) -> Since:
        """What judges whether cases are affected by what has changed in git; see :class:`Since`.

        Raises:
            SettingsError: there is nothing to compare with.
        """
        from pytest_a2a3sim.affected.git import changes_since  # noqa: PLC0415 - only on demand
        from pytest_a2a3sim.affected.since import Since  # noqa: PLC0415 - as above

        return Since(self._open_builder(), changes_since(reference, root), watch)

    def instrumentation(self, golden: GoldenSpec) -> Instrumentation:
        """How the kernels of a golden directory are compiled.

        Raises:
            SettingsError: its marks say something impossible.
        """
        return "fast" if self._checks(golden) else "none"

    def _settings(self, golden: GoldenSpec) -> Settings:
        if not golden.options:
            return self.settings
        from pytest_a2a3sim.model.overrides import overridden  # noqa: PLC0415 - few have some

        return overridden(self.settings, golden.options, "pytest.mark.sim")

    def _checks(self, golden: GoldenSpec) -> tuple[Check, ...]:
        return in_order((*self._settings(golden).sanitize, *golden.sanitize))

    def _open_builder(self) -> Builder:
        from pytest_a2a3sim.building.builder import Builder  # noqa: PLC0415 - not needed at start
        from pytest_a2a3sim.building.store.cache import Cache  # noqa: PLC0415 - as above
        from pytest_a2a3sim.building.toolchain import compiler_environment  # noqa: PLC0415 - as above

        if self._builder is None:
            settings = self.settings
            self._builder = Builder(
                settings.cxxflags,
                Cache(limit=settings.cache_limit, is_shared=settings.cache_shared),
                rebuild_since=settings.rebuild_since,
                environment=compiler_environment(settings.pto_isa_root, settings.compiler),
                on_progress=self._tell,
            )
        return self._builder

    def _tell(self, progress: BuildProgress) -> None:
        if self.report_build is not None:
            self.report_build(progress)

    def header(self) -> str:
        """Compiler, engine and threads, in one line."""
        from pytest_a2a3sim.building.toolchain import (  # noqa: PLC0415 - as in _open_builder
            compiler_environment,
            find_toolchain,
        )

        try:
            environment = compiler_environment(compiler=self.settings.compiler)
            compiler = find_toolchain(environment=environment).version
        except BuildError as error:
            compiler = str(error).splitlines()[0]
        return (
            f"a2a3sim: {__version__}, native engine, {self.settings.workers}, compiler: {compiler}"
        )

    def stop(self) -> None:
        """Ends compilers that run at once; nothing can be run afterwards."""
        if self._builder is not None:
            self._builder.stop()

    def close(self) -> None:
        """Waits for compilers that still run and deletes what the builder made."""
        if self._builder is not None:
            self._builder.close()


def run_case(
    golden: str | os.PathLike[str],
    case: str | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    kernels: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
) -> CaseResult:
    """Builds, simulates and compares one case of a golden directory.

    Args:
        golden: golden.py, or the directory that holds it.
        case: name of a case of the file; its first that runs by default unless given.
        params: run with these params instead of a case of the file.
        kernels: directory of kernel_config.py; ``kernels`` beside golden.py by default.
        settings: how to simulate; by default on every usable CPU.

    Returns:
        The result, whether the outputs match (``result.passed``) or not; ``result.check()``
        raises :class:`Mismatch` if they do not.

    Raises:
        A2A3SimError: of the class that says why the outputs could not be compared.
    """
    simulator = Simulator(settings or Settings(threads=usable_cpus()))
    with contextlib.closing(simulator):
        return simulator.run_case(golden, case, params=params, kernels=kernels)
