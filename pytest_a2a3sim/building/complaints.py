"""What is said of a source that does not compile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.building.pto_isa import pto_isa_hint
from pytest_a2a3sim.model.errors import BuildError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.building.compile_error import CompileError
    from pytest_a2a3sim.building.unit import Unit


class Complaints:
    """Those of a session, each told at full length once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._told: dict[str, str] = {}

    def of(self, unit: Unit, role: str, error: CompileError, asked_by: str) -> BuildError:
        """The whole story for the first case that meets an error, a reference for the others."""
        what = str(error.messages[0]) if error.messages else unit.source.name
        name = role.partition(" (")[0]  # without func_id: what is wrong needs the room
        headline = f"{name} does not compile: {what}\n  in {unit.source}"
        if hint := pto_isa_hint(error.summary, self._environment):
            headline += f"\n{hint}"
        first = self._told.setdefault(error.details, asked_by)
        details = error.details
        if first != asked_by:
            details = f"The compiler's text and command are in the failure of {first}."
        return BuildError(f"{headline}\n{details}", error.messages)
