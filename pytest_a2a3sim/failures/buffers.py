"""Device buffers by number -> what is said about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.failures.symbolize import Symbolizer
from pytest_a2a3sim.failures.words import source_of
from pytest_a2a3sim.model.lines import byte_count
from pytest_a2a3sim.model.source_line import SourceLine
from pytest_a2a3sim.model.waste import Allocation

if TYPE_CHECKING:
    from pytest_a2a3sim.model.case import BuiltCase
    from pytest_a2a3sim.model.data_flow import DataFlow


class Buffers:
    """Tells about the device buffers of a case."""

    def __init__(self, data: DataFlow, built: BuiltCase) -> None:
        self._data = data
        symbolizer = Symbolizer(data.objects, built.paths)
        # The address is the one that a call returns to: the line is that of the byte before it.
        callers = {buffer.caller - 1 for buffer in data.buffers.values() if buffer.caller > 0}
        self._lines = symbolizer.lines(sorted(callers))

    def use(self, number: int) -> Allocation:
        """A buffer by its number."""
        buffer = self._data.buffers[number]
        file, line = source_of(self._lines.get(buffer.caller - 1, ()))
        allocation = None if file is None else SourceLine(file, line)
        return Allocation(number, buffer.call, buffer.size, allocation)

    def argument_words(self, value: int) -> str:
        """A task's argument: ``buffer #4 + 128 bytes``, or a number."""
        for number, buffer in self._data.buffers.items():
            if buffer.begin <= value < buffer.begin + max(buffer.size, 1):
                offset = value - buffer.begin
                return f"buffer #{number}" + (f" + {byte_count(offset)}" if offset else "")
        return str(value)
