"""Checks of what kernel_config.py says, each error with the entry of the file that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import GoldenError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ConfigReader:
    """Of one kernel_config.py.

    Attributes:
        path: the file; a scene test says the same in a class.
        notes: remarks for its author.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.notes: list[str] = []

    def error(self, where: str, problem: str, got: object) -> GoldenError:
        """``kernel_config.py: WHERE PROBLEM; got GOT``, and the file."""
        shown = "nothing" if got is None else f"{got!r} ({type(got).__name__})"
        return GoldenError(f"{self.path.name}: {where} {problem}; got {shown}\n  in {self.path}")

    def mapping(self, where: str, value: object, known: set[str]) -> Mapping[str, Any]:
        """A dict; keys that nobody knows are noted.

        Raises:
            GoldenError: it is none.
        """
        if not isinstance(value, dict):
            raise self.error(where, "must be a dict", value)
        unknown = sorted(str(key) for key in value if key not in known)
        if unknown:
            self.notes.append(
                f"{self.path.name}: {where} has unknown keys, which are ignored: "
                f"{', '.join(unknown)}; known keys: {', '.join(sorted(known))} (in {self.path})"
            )
        return value

    def text(self, where: str, value: object) -> str:
        """A string.

        Raises:
            GoldenError: it is none, or empty.
        """
        if not isinstance(value, str) or not value:
            raise self.error(where, "must be a non-empty string", value)
        return value

    def integer(self, where: str, value: object, low: int, high: int | None = None) -> int:
        """An int between two bounds, which may be it.

        Raises:
            GoldenError: it is none, or beyond.
        """
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(where, "must be an int", value)
        if value < low or (high is not None and value > high):
            bounds = f"{low}..{high}" if high is not None else f"at least {low}"
            raise self.error(where, f"must be {bounds}", value)
        return value

    def strings(self, where: str, value: object) -> tuple[str, ...]:
        """A list of strings or paths.

        Raises:
            GoldenError: it is none.
        """
        if not isinstance(value, (list, tuple)) or not all(
            isinstance(element, (str, Path)) for element in value
        ):
            raise self.error(where, "must be a list of strings", value)
        return tuple(str(element) for element in value)

    def signature(self, where: str, value: object) -> tuple[str, ...]:
        """Names of directions, such as ``("IN", "OUT")``.

        Raises:
            GoldenError: an entry is no ArgDirection.
        """
        if not isinstance(value, (list, tuple)):
            raise self.error(where, "must be a list of ArgDirection", value)
        names = tuple(str(getattr(each, "name", each)) for each in value)
        for index, name in enumerate(names):
            if name not in DIRECTIONS:
                raise self.error(f"{where}[{index}]", "must be an ArgDirection", value[index])
        return names


DIRECTIONS = ("IN", "OUT", "INOUT", "SCALAR")
"""Of an argument, by the names of ``simpler.task_interface.ArgDirection``."""
