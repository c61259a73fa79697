"""What compilers looked for -> what a result depends on."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from pytest_a2a3sim.building.store.fingerprint import Stamp, read
from pytest_a2a3sim.building.store.inputs import (
    BY_STAMP,
    Dependency,
    Inputs,
    by_directory,
    cpu_digest,
    names_digest,
)
from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.building.observer import Sight
    from pytest_a2a3sim.building.store.fingerprint import Digests

_NATIVE = b"=native"  # of -march, -mtune, -mcpu, wherever the words come from
_LONGEST_TEXT = 1 << 20


@frozen
class Found:
    """What a result depends on.

    Attributes:
        inputs: that can be tracked.
        settled: whether no file can have changed since the compiler started.
        untrackable: what cannot be tracked, in words; "" if there is nothing.
    """

    inputs: Inputs
    settled: bool
    untrackable: str


class Account:
    """Takes stock of files, each once while it is unchanged. It may be used by any thread."""

    def __init__(self, workspace: Path, digests: Digests) -> None:
        """Files in the workspace are nobody's input."""
        self._own = f"{workspace}/"
        self._digests = digests
        self._native: dict[str, bool] = {}

    def of(
        self,
        sight: Sight,
        source: str,
        started: int,
        source_digest: str | None = None,
        words: tuple[str, ...] = (),
    ) -> Found:
        """What a compiler's result depends on besides its source.

        Args:
            sight: what the compiler looked for.
            source: what was compiled.
            started: when the compiler did, in nanoseconds since the epoch.
            source_digest: what the source is expected to be, if it may change.
            words: of the compiler's command line.
        """
        files: list[Dependency] = []
        gone = pipe = ""
        for path in sorted((sight.read | sight.seen) - sight.written - {source}):
            if path.startswith(self._own):
                continue
            mode = _mode(path)
            if mode is None:
                gone = path
            elif stat.S_ISREG(mode):
                known = self._known(path, is_read=path in sight.read)
                if known is None:
                    gone = path
                else:
                    files.append(known)
            elif not stat.S_ISDIR(mode) and path in sight.read:
                pipe = path
        is_native = any(_NATIVE in os.fsencode(word) for word in words) or any(
            self._mentions_native(file) for file in files
        )
        inputs = Inputs(
            tuple(files),
            by_directory(path for path in sight.absent - sight.written if self._is_foreign(path)),
            tuple((path, _names_digest(path)) for path in sorted(sight.listed)),
            cpu_digest() if is_native else "",
        )
        return Found(
            inputs,
            settled=not gone
            and all(file.stamp.is_settled(started) for file in files)
            and (source_digest is None or self._is_still(source, source_digest, started)),
            untrackable=_untrackable(sight, source, pipe),
        )

    def _is_foreign(self, path: str) -> bool:
        return not path.startswith(self._own)

    def _known(self, path: str, *, is_read: bool) -> Dependency | None:
        if is_read:
            known = self._digests.of(path)
            return None if known is None else Dependency(path, *known)
        stamp = Stamp.of(path)
        return None if stamp is None else Dependency(path, stamp, BY_STAMP)

    def _is_still(self, source: str, digest: str, started: int) -> bool:
        known = self._digests.of(source)
        return known is not None and known[1] == digest and known[0].is_settled(started)

    def _mentions_native(self, file: Dependency) -> bool:
        """Whether a file of flags, a specs file or a script may ask for this machine's CPU."""
        if file.digest == BY_STAMP or file.stamp.size > _LONGEST_TEXT:
            return False
        known = self._native.get(file.digest)
        if known is None:
            content = read(file.path)
            known = self._native[file.digest] = content is not None and _NATIVE in content.data
        return known


def _mode(path: str) -> int | None:
    try:
        return os.stat(path).st_mode  # noqa: PTH116 - called some hundred times a source
    except (OSError, ValueError):
        return None


def _names_digest(directory: str) -> str:
    try:
        return names_digest(os.listdir(directory))  # noqa: PTH208 - names, not paths
    except OSError:
        return names_digest(())


def _untrackable(sight: Sight, source: str, pipe: str) -> str:
    if sight.unseen:
        return (
            f"nobody can tell what {sight.unseen} reads: it does not load the library that "
            "observes compilers (LD_PRELOAD), as programs that are linked statically do not"
        )
    if source in sight.timed:
        return "it contains the time at which it is compiled: __DATE__, __TIME__, __TIMESTAMP__"
    return f"it reads a pipe or a device: {pipe}" if pipe else ""
