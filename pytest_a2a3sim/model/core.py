"""What a kernel does on its core: instructions, the pipes that execute them, and flags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.model.frozen import frozen

if TYPE_CHECKING:
    from pytest_a2a3sim.model.source_line import SourceLine


@frozen
class CoreStep:
    """What a core was told to do.

    Attributes:
        kind: ``instruction``, ``set``, ``wait`` or ``barrier``; ``skipped`` where ``event`` steps
            are left out.
        pipe: that executes it, such as ``MTE2``; the source of a flag.
        destination: the pipe that waits for a flag; None of everything else.
        event: the number of a flag's event; None of everything else.
        name: of an instruction, such as ``TLOAD``; ``scalar`` for an access of scalar code.
        source: the line that calls it; None where it is unknown.
    """

    kind: str
    pipe: str
    destination: str | None
    event: int | None
    name: str
    source: SourceLine | None


@frozen
class CoreDetails:
    """What a finding inside a kernel is about.

    Attributes:
        steps: one or two of the stream, in the order in which the kernel issues them.
        stream: what the core was told to do around them, in order.
        capacity: size of the memory in bytes, where a tile does not fit; 0 otherwise.
    """

    steps: tuple[CoreStep, ...]
    stream: tuple[CoreStep, ...]
    capacity: int

    @property
    def instructions(self) -> tuple[str, ...]:
        """``("TLOAD", "TADD")``; calls of flags are ``set_flag`` and ``wait_flag``."""
        return tuple(step.name for step in self.steps)

    @property
    def pipes(self) -> tuple[str, ...]:
        """``("MTE2", "V")``; of a flag, the pipe that sets it and the one that waits."""
        first = self.steps[0]
        if first.destination is not None:
            return first.pipe, first.destination
        return tuple(step.pipe for step in self.steps)
