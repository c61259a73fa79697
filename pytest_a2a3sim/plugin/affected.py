"""``--sim-affected``: leaves out cases that have passed with all that they depend on as it is."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.plugin.baseline import BASELINE
from pytest_a2a3sim.plugin.collect import ATTEMPT, SIMULATOR, GoldenItem
from pytest_a2a3sim.plugin.options import deciding, is_strict
from pytest_a2a3sim.plugin.selecting import (
    STARTED,
    WATCH,
    Selecting,
    candidate_of,
    local_plugins,
    missing_conftests,
    python_of,
    watch,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_a2a3sim.affected.gate import Gate, Judgement
    from pytest_a2a3sim.loading.observing import Observer
    from pytest_a2a3sim.model.result import CaseFacts
    from pytest_a2a3sim.plugin.balance import LongestFirst


def register_affected(config: pytest.Config, word: str) -> None:
    """Adds what leaves out cases; ``word`` is that of the switch."""
    watch(config)
    config.pluginmanager.register(Affected(config, word), "a2a3sim-affected")


class Affected(Selecting):
    """Leaves out cases by passes, and keeps those that pass."""

    def __init__(self, config: pytest.Config, word: str) -> None:
        super().__init__(config)
        self.leaves_out = word != "record"
        self.explains = word == "explain"
        self._fixtures: dict[object, Observer] = {}
        self._outcomes: list[str] = []
        self._used: list[pytest.FixtureDef[Any]] = []
        self._facts: CaseFacts | None = None
        self._seconds = 0.0
        self._gate: Gate | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> LongestFirst | None:
        """Has the cases that take longest begin first, unless somebody chose another order."""
        if config.getoption("dist") != "load" or config.getoption("maxschedchunk") is not None:
            return None
        from pytest_a2a3sim.plugin.balance import LongestFirst  # noqa: PLC0415 - only under xdist

        return LongestFirst(
            config, log, lambda: {nodeid: each.seconds for nodeid, each in self.shared().items()}
        )

    def judge(self, item: GoldenItem) -> Judgement:
        """Whether a case has passed as it is now."""
        return self._open_gate().judge(candidate_of(item))

    def says(self) -> str:
        """Since when they pass."""
        since = min(each.since for each in self.judgements.values() if not each.reasons)
        first = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
        done = "deselected" if self.leaves_out else "would be deselected"
        return f"{done}: unchanged since they passed, the first of them at {first}"

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Keeps a case that passes, with what it has used."""
        if not isinstance(item, GoldenItem):
            return (yield)
        from pytest_a2a3sim.loading.observing import Observer  # noqa: PLC0415 - only on demand

        self._outcomes, self._used, self._facts, observer = [], [], None, Observer()
        with self.config.stash[WATCH].noting(observer):
            done = yield
        if self._facts is not None and self._outcomes == ["passed"] * 3:
            self._keep(item, self._facts, observer)
        return done

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, None, None]:
        """Notes what ran, before the reports give it up."""
        yield
        if isinstance(item, GoldenItem) and ATTEMPT in item.stash:
            self._facts = item.stash[ATTEMPT].facts
            self._used = list(item._request._fixture_defs.values())  # noqa: SLF001 - there is no public way

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
        """Notes how each phase of a case ended."""
        report = yield
        self._outcomes.append("xfail" if hasattr(report, "wasxfail") else report.outcome)
        if call.when == "call":
            self._seconds = call.duration
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, Any, Any]:
        """Notes what a fixture uses; it is set up once for all cases that share it."""
        from pytest_a2a3sim.loading.observing import Observer  # noqa: PLC0415 - only on demand

        observer = self._fixtures[fixturedef] = Observer()
        with self.config.stash[WATCH].noting(observer):
            return (yield)

    def _keep(self, item: GoldenItem, facts: CaseFacts, observer: Observer) -> None:
        from pytest_a2a3sim.affected.gate import Ran  # noqa: PLC0415 - only on demand
        from pytest_a2a3sim.model.uses import UntrackedError  # noqa: PLC0415 - as above

        gate, candidate = self._open_gate(), candidate_of(item)
        try:
            uses = self.config.stash[WATCH].uses(
                python_of(self.config, item, self._used), [observer, *self._observers()]
            )
        except UntrackedError as reason:
            gate.refuse(item.nodeid, str(reason))
            return
        absent = dict.fromkeys((*uses.absent, *missing_conftests(self.config, item)))
        uses = replace(uses, absent=tuple(absent))
        started = self.config.stash[STARTED]
        instrumentation = self.config.stash[SIMULATOR].instrumentation(candidate.golden)
        gate.keep(candidate, Ran(facts, instrumentation, uses, started, self._seconds))

    def _observers(self) -> Iterator[Observer]:
        for fixture in self._used:
            if (observer := self._fixtures.get(fixture)) is not None:
                yield observer

    def _open_gate(self) -> Gate:
        if self._gate is None:
            config = self.config
            plugins = {
                f"{found.project_name} {found.version}"
                for _, found in config.pluginmanager.list_plugin_distinfo()
            } | {*local_plugins(config)}
            parts = [*deciding(config), *(("pytest plugin", name) for name in sorted(plugins))]
            if is_strict(config) and (baseline := config.stash.get(BASELINE, None)):
                parts.append(("baseline", baseline.digest()))
            simulator = config.stash[SIMULATOR]
            self._gate = simulator.gate(config.rootpath, parts, self.until)
        return self._gate
