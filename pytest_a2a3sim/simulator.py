"""A session: settings, and a builder that is made when the first case needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.errors import BuildError
from pytest_a2a3sim.toolchain import find_toolchain
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from pytest_a2a3sim.build import Builder
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

    def run_case(
        self,
        golden: str | os.PathLike[str],
        case: str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        kernels: str | os.PathLike[str] | None = None,
    ) -> CaseResult:
        """Builds, simulates and compares one case; see :func:`pytest_a2a3sim.run_case`."""
        from pytest_a2a3sim.load import load_case  # noqa: PLC0415 - needs NumPy

        return self.run(*load_case(golden, case, params=params, kernels=kernels))

    def run(
        self, golden: GoldenSpec, case: CaseSpec, progress: Progress | None = None
    ) -> CaseResult:
        """The same for a golden directory that is already loaded."""
        from pytest_a2a3sim import pipeline  # noqa: PLC0415 - needs NumPy
        from pytest_a2a3sim.build import Builder  # noqa: PLC0415 - not needed at start

        if self._builder is None:
            self._builder = Builder(self.settings.cxxflags)
        return pipeline.run_case(golden, case, self.settings, self._builder, progress)

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

    def close(self) -> None:
        """Deletes what the builder made."""
        if self._builder is not None:
            self._builder.close()
