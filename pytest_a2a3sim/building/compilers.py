"""Which of the installed compilers a golden directory is built with, where nobody says."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.pto_isa import ROOT_VARIABLE
from pytest_a2a3sim.building.toolchain import find_toolchain, has_met
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.model.spec import KernelConfig

_COMPILER = re.compile(r"(?:clang\+\+|g\+\+)(?:-\d+)?")
_VERSION = re.compile(r"\b(\d+)\.\d+")


class Compilers:
    """The compilers of a session, and which of them directories are built with."""

    def __init__(self, environment: Mapping[str, str], cache: Cache) -> None:
        self._environment = environment
        self._cache = cache
        self._others: tuple[str, ...] | None = None
        self._met: tuple[str, ...] | None = None
        self._chosen: dict[Path, str] = {}
        self._last: str | None = None

    def may_choose(self, config: KernelConfig) -> bool:
        """Whether another compiler may take the place of the first: nobody names one."""
        return config.compiler is None and not self._environment.get("CXX", "").strip()

    def choose(self, config: KernelConfig, is_built: Callable[[str | None], bool]) -> str | None:
        """What a directory's sources are compiled with; None for the session's compiler.

        Args:
            config: the directory's.
            is_built: whether all of its sources have objects by a compiler.
        """
        if config.compiler is not None or config.path in self._chosen:
            return config.compiler or self._chosen[config.path]
        has_pto_isa = bool(self._environment.get(ROOT_VARIABLE))
        if has_pto_isa and self.may_choose(config) and not is_built(None):
            return self._last or next(filter(is_built, self._met_before()), None)
        return None

    def keep(self, config: KernelConfig, compiler: str) -> None:
        """Has a directory built with another compiler than the session's from now on."""
        self._chosen[config.path] = self._last = compiler

    def others(self) -> tuple[str, ...]:
        """Paths of the installed compilers but for the session's, the newest first."""
        if self._others is None:
            self._others = self._newest_first(_installed(self._environment.get("PATH", "")))
        return self._others

    def _met_before(self) -> tuple[str, ...]:
        """Those of which the cache may have objects.

        The first compilation need not wait until all others have said what they are.
        """
        if self._met is None:
            installed = _installed(self._environment.get("PATH", ""))
            self._met = self._newest_first(
                path for path in installed if has_met(self._cache, path, self._environment)
            )
        return self._met

    def _newest_first(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Without the session's compiler, and each once."""
        known = {_file_of(find_toolchain(self._cache, self._environment).compiler[0])}
        versions: dict[str, int] = {}
        for path in paths:
            if (file := _file_of(path)) not in known:
                known.add(file)
                if version := self._version(path):
                    versions[path] = version
        return tuple(sorted(versions, key=lambda path: -versions[path]))

    def _version_text(self, compiler: str | None) -> str:
        return find_toolchain(self._cache, self._environment, compiler).version

    def _version(self, path: str) -> int:
        try:
            found = _VERSION.search(self._version_text(path))
        except BuildError:
            return 0
        return int(found[1]) if found else 0


def _installed(path: str) -> Iterable[str]:
    for directory in path.split(os.pathsep):
        try:
            files = sorted(Path(directory).iterdir())
        except OSError:
            continue
        yield from (str(file) for file in files if _COMPILER.fullmatch(file.name))


def _file_of(path: str) -> str:
    return os.path.realpath(path)
