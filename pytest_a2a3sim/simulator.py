"""A session: settings, and a builder that is made when the first case needs it."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.building.toolchain import find_toolchain
from pytest_a2a3sim.errors import A2A3SimWarning, BuildError
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from pytest_a2a3sim.building.build import Builder, BuildProgress
    from pytest_a2a3sim.pipeline import Progress
    from pytest_a2a3sim.result import CaseResult
    from pytest_a2a3sim.settings import Settings
    from pytest_a2a3sim.spec import CaseSpec, GoldenSpec


class Simulator:
    """Runs golden directories with one session's settings.

    NumPy and the engine are imported when the first case runs: pytest makes a simulator at every
    start, in projects without a golden file too.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._builder: Builder | None = None
        self.report_build: Callable[[BuildProgress], None] | None = None

    def run_case(
        self,
        golden: str | os.PathLike[str],
        case: str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        kernels: str | os.PathLike[str] | None = None,
    ) -> CaseResult:
        """Builds, simulates and compares one case; see :func:`pytest_a2a3sim.run_case`."""
        from pytest_a2a3sim.loading.load import load_case  # noqa: PLC0415 - needs NumPy

        return self.run(*load_case(golden, case, params=params, kernels=kernels))

    def run(
        self, golden: GoldenSpec, case: CaseSpec, progress: Progress | None = None
    ) -> CaseResult:
        """The same for a golden directory that is already loaded."""
        from pytest_a2a3sim import pipeline  # noqa: PLC0415 - needs NumPy

        builder = self._open_builder()
        try:
            return pipeline.run_case(golden, case, self.settings, builder, progress)
        finally:
            if note := builder.take_note():
                warnings.warn(note, A2A3SimWarning, stacklevel=2)

    def compile_early(self, goldens: Iterable[GoldenSpec], start: float = 0.0) -> None:
        """Starts compiling what the golden directories need; see :meth:`Builder.compile_early`."""
        configs = [golden.config for golden in goldens]
        if configs:
            self._open_builder().compile_early(configs, start)

    def _open_builder(self) -> Builder:
        from pytest_a2a3sim.building.build import Builder  # noqa: PLC0415 - not needed at start
        from pytest_a2a3sim.building.cache import Cache  # noqa: PLC0415 - as above

        if self._builder is None:
            settings = self.settings
            self._builder = Builder(
                settings.cxxflags,
                Cache(limit=settings.cache_limit),
                rebuild_since=settings.rebuild_since,
                report=self.report_build,
            )
        return self._builder

    def header(self) -> str:
        """Compiler, engine and threads, in one line."""
        try:
            compiler = find_toolchain().version
        except BuildError as error:
            compiler = str(error).splitlines()[0]
        return (
            f"a2a3sim: {__version__}, native engine, {self.settings.workers()}, "
            f"compiler: {compiler}"
        )

    def stop(self) -> None:
        """Ends compilers that run at once; nothing can be run afterwards."""
        if self._builder is not None:
            self._builder.stop()

    def close(self) -> None:
        """Waits for compilers that still run and deletes what the builder made."""
        if self._builder is not None:
            self._builder.close()
