"""What an expected output was computed from, and where such outputs are kept."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.model.case import Expected


class UntrackedError(Exception):
    """Something is used of which nobody can tell whether it stays the same; says what."""


@frozen
class Uses:
    """What a computation has used that its key does not say; it holds while all of it is the same.

    Attributes:
        files: absolute paths that were read, sources included.
        absent: absolute paths that were looked for, and at which there was nothing.
        directories: absolute paths of directories whose names were read.
        variables: of the environment, with their values; None where there was none.
        modules: that are imported on the way, by name: file, and digest of the state. The file is
            empty where there is no such module.
    """

    files: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    variables: Mapping[str, str | None] = field(default_factory=dict)
    modules: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@frozen
class KeptGolden:
    """Expected outputs that were kept, and what they were computed from."""

    expected: Expected
    uses: Uses


class GoldenStore(Protocol):
    """Keeps expected outputs between sessions."""

    def find(self, key: str) -> KeptGolden | None:
        """What is kept for a key, if files and environment are what they were."""

    def begin(self, golden: str) -> int:
        """Now, in nanoseconds since the epoch, when a later change of golden.py can be told."""

    def keep(self, key: str, kept: KeptGolden, since_ns: int) -> str:
        """Keeps outputs that were computed since then; says why not, or nothing."""
