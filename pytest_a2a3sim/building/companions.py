"""What this package compiles for itself with the user's compiler, kept in the cache."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.store.fingerprint import digest_of_parts, read
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_a2a3sim.building.processes import Processes
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.toolchain import Toolchain


class Companions:
    """Files in the workspace, each made once for a compiler. Any thread may ask for one."""

    def __init__(self, workspace: Path, cache: Cache, processes: Processes) -> None:
        self._workspace = workspace
        self._cache = cache
        self._processes = processes
        self._mutex = threading.Lock()
        self._found: dict[str, Path | None] = {}

    def obtain(
        self, toolchain: Toolchain, sources: Sequence[Path], flags: Sequence[str], suffix: str
    ) -> Path | None:
        """A file compiled from the first of the sources; None where it cannot be made.

        Args:
            toolchain: compiles it, and what it is made for.
            sources: all that it is made from, apart from the compiler's own headers.
            flags: between the compiler's name and the source.
            suffix: of the file.
        """
        contents = (read(str(source)) for source in sources)
        digests = tuple(("source", content.digest) for content in contents if content is not None)
        words = tuple(("flag", flag) for flag in flags)
        name = digest_of_parts((*digests, *words, *toolchain.identity))
        with self._mutex:
            if name not in self._found:
                path = self._workspace / f"{sources[0].stem}-{name}{suffix}"
                is_there = self._is_stored(name, path) or self._is_made(
                    [*toolchain.compiler, *flags, str(sources[0]), "-o", str(path)], name, path
                )
                self._found[name] = path if is_there else None
            return self._found[name]

    def _is_stored(self, name: str, path: Path) -> bool:
        stored = self._cache.read_small(f"{name}.companion")
        if stored is not None:
            path.write_bytes(stored)
        return stored is not None

    def _is_made(self, command: list[str], name: str, path: Path) -> bool:
        with contextlib.suppress(BuildError):
            if self._processes.run(command, self._workspace).status == 0 and path.exists():
                self._cache.save_small(f"{name}.companion", path.read_bytes())
                return True
        return False
