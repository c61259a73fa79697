"""Where something stands in a source."""

from __future__ import annotations

from pytest_a2a3sim.model.frozen import frozen


@frozen
class SourceLine:
    """A line of a source; ``line`` is None where only the file is known."""

    file: str
    line: int | None

    def __str__(self) -> str:
        """``path/kernel.cpp:17``."""
        return self.file if self.line is None else f"{self.file}:{self.line}"
