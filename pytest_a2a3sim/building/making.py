"""What a session compiles with: alone, with a precompiled header, or several units at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.building.compile import UnitCompiler
from pytest_a2a3sim.building.groups import Groups
from pytest_a2a3sim.building.precompiled import PrecompiledHeaders
from pytest_a2a3sim.building.starting import unforked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pytest_a2a3sim.building.compile import Compiled
    from pytest_a2a3sim.building.store.cache import Cache
    from pytest_a2a3sim.building.store.fingerprint import Digests
    from pytest_a2a3sim.building.toolchain import Toolchain
    from pytest_a2a3sim.building.unit import Unit


class Makers:
    """Those of a session.

    Attributes:
        compiler: of one unit.
        headers: that many units begin with.
        groups: of units that are compiled together.
    """

    def __init__(
        self, workspace: Path, cache: Cache, digests: Digests, environment: Mapping[str, str]
    ) -> None:
        self.compiler = UnitCompiler(workspace, cache, digests, environment)
        self.headers = PrecompiledHeaders(workspace, cache, digests, self.compiler)
        self.groups = Groups()
        self._workspace = workspace

    def compile_together(
        self, digests: Mapping[Unit, str], toolchain: Toolchain, name: str
    ) -> dict[Unit, Compiled]:
        """Compiles units of a group; see :meth:`Merger.compile`."""
        with unforked():
            from pytest_a2a3sim.building.merging import Merger  # noqa: PLC0415 - few need it

        return Merger(self._workspace, self.compiler).compile(digests, toolchain, name)

    def plan(self, units: Sequence[Unit]) -> None:
        """Says which units are going to be compiled."""
        grouped = self.groups.plan(units)
        self.headers.want(unit for unit in units if unit not in grouped)
