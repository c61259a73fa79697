"""Scene tests in test files as pytest collectors, their cases as items."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.engine.binary import find_engine
from pytest_a2a3sim.model.errors import A2A3SimError, A2A3SimWarning
from pytest_a2a3sim.plugin.blas import import_numpy
from pytest_a2a3sim.plugin.collect import SIMULATOR, GoldenItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_a2a3sim.loading.scenes import SceneCase, Scenes


class SceneFile(pytest.Module):
    """A test file with scene tests, and perhaps with other tests."""

    @functools.cached_property
    def scenes(self) -> Scenes:
        """What the file says; it is executed when somebody asks first.

        Raises:
            CollectError: it cannot be loaded.
        """
        import_numpy()
        from pytest_a2a3sim.loading.scenes import load_scenes  # noqa: PLC0415 - needs NumPy

        try:
            find_engine()
            return load_scenes(self.path, self.config.rootpath)
        except A2A3SimError as error:
            raise self.CollectError(str(error)) from None

    def collect(self) -> Iterator[pytest.Item | pytest.Collector]:
        """A class for each scene test, and what pytest collects besides."""
        classes = self.scenes.classes
        for node in super().collect():
            if node.name not in classes:
                yield node
        for name in classes:
            yield SceneClass.from_parent(self, name=name)

    def _getobj(self) -> Any:
        return self.scenes.module


class SceneClass(pytest.Class):
    """A scene test."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item per case; those that are not simulated are skipped with the reason."""
        scenes = self._scenes
        wanted = self.config.stash[SIMULATOR].settings.platform
        try:
            for each in scenes.cases(self.obj, wanted):
                yield self._item(each)
        except (A2A3SimError, A2A3SimWarning) as error:
            raise self.CollectError(str(error)) from None

    @property
    def _scenes(self) -> Scenes:
        assert isinstance(self.parent, SceneFile)  # noqa: S101 - nothing else has such classes
        return self.parent.scenes

    def _item(self, each: SceneCase) -> pytest.Item:
        if each.golden is None:
            skipped: pytest.Item = SkippedScene.from_parent(self, name=each.case.name)
            skipped.add_marker(pytest.mark.skip(reason=each.why_not))
            return skipped
        for note in each.golden.config.notes:
            self.warn(A2A3SimWarning(note))
        item: GoldenItem = GoldenItem.from_parent(
            self,
            name=each.case.name,
            originalname=each.case.name,
            golden=each.golden,
            case=each.case,
        )
        item.add_marker(pytest.mark.sim(platform=each.platform), append=False)
        return item

    def _getobj(self) -> Any:
        return self._scenes.classes[self.name]


class SkippedScene(pytest.Item):
    """A case that is not simulated; its mark says why."""

    def runtest(self) -> None:
        """Is not called: the mark comes first."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and headline of a report."""
        return self.path, 0, self.name
