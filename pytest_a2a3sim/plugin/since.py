"""``--sim-since``: leaves out cases that nothing can affect which git says has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.plugin.collect import SIMULATOR, GoldenItem
from pytest_a2a3sim.plugin.options import switched
from pytest_a2a3sim.plugin.selecting import WATCH, Selecting, candidate_of, python_of, watch

if TYPE_CHECKING:
    from pytest_a2a3sim.affected.gate import Judgement
    from pytest_a2a3sim.affected.since import Since


def register_since(config: pytest.Config, reference: str) -> None:
    """Adds what leaves out cases that nothing since ``reference`` affects.

    Raises:
        pytest.UsageError: there is nothing to compare with, or passes are asked for, too.
    """
    if switched(config, "affected") in {"on", "explain"}:
        raise pytest.UsageError(
            "--sim-since judges by git, --sim-affected by passes that are kept: give one of them "
            "(--sim-affected=record keeps passes beside --sim-since)"
        )
    watch(config)
    try:
        since = config.stash[SIMULATOR].since(reference, config.rootpath, config.stash[WATCH])
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(SinceReference(config, reference, since), "a2a3sim-since")


class SinceReference(Selecting):
    """Leaves out cases by what git says."""

    def __init__(self, config: pytest.Config, reference: str, since: Since) -> None:
        super().__init__(config)
        self.explains = config.get_verbosity() > 0
        self._reference = reference
        self._since = since

    def judge(self, item: GoldenItem) -> Judgement:
        """Whether nothing has changed that a case depends on."""
        info = item._fixtureinfo  # noqa: SLF001 - there is no public way
        fixtures = [each for found in info.name2fixturedefs.values() for each in found]
        files = python_of(self.config, item, fixtures)
        return self._since.judge(candidate_of(item), files)

    def says(self) -> str:
        """Which changes were looked at."""
        return f"deselected: not affected by what has changed since {self._reference}"
