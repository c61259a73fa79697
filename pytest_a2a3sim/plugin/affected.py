"""``--sim-affected``: leaves out cases that have passed with all that they depend on as it is."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.plugin.collect import ATTEMPT, SIMULATOR, GoldenFile, GoldenItem
from pytest_a2a3sim.plugin.options import deciding, switched

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from pytest_a2a3sim.affected.gate import Gate, Judgement
    from pytest_a2a3sim.affected.watch import CaseWatch
    from pytest_a2a3sim.loading.observing import Observer
    from pytest_a2a3sim.model.result import CaseFacts

UNTIL, RUN = "a2a3sim_affected_until", "testrunuid"
_MOST_REASONS = 5

_WATCH: pytest.StashKey[CaseWatch] = pytest.StashKey()
_STARTED: pytest.StashKey[int] = pytest.StashKey()


def watch(config: pytest.Config, word: str) -> None:
    """Notes from now on what the user's Python uses, where somebody wants to know."""
    if not word:
        return
    from pytest_a2a3sim.affected.watch import CaseWatch  # noqa: PLC0415 - only on demand
    from pytest_a2a3sim.loading.watching import told_to  # noqa: PLC0415 - as above

    config.stash[_STARTED] = time.time_ns()
    noting = config.stash[_WATCH] = CaseWatch()
    stack = contextlib.ExitStack()
    stack.enter_context(told_to(noting))
    config.add_cleanup(stack.close)


def register(config: pytest.Config) -> None:
    """Adds what leaves out cases, where somebody asks for it."""
    word = switched(config, "affected")
    if not word:
        return
    if _WATCH not in config.stash:  # the plugin was not there when pytest began
        watch(config, word)
    config.pluginmanager.register(Affected(config, word), "a2a3sim-affected")


class Affected:
    """Leaves out cases, and keeps those that pass."""

    def __init__(self, config: pytest.Config, word: str) -> None:
        self._config = config
        self._word = word
        self._worker: dict[str, Any] = getattr(config, "workerinput", {})
        self._until = float(self._worker.get(UNTIL) or time.time())
        self._run = str(self._worker.get(RUN, ""))
        self._judgements: dict[str, Judgement] = {}
        self._fixtures: dict[object, Observer] = {}
        self._outcomes: list[str] = []
        self._used: list[pytest.FixtureDef[Any]] = []
        self._facts: CaseFacts | None = None
        self._seconds = 0.0
        self._gate: Gate | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Has all xdist workers judge by the same passes."""
        node.workerinput[UNTIL] = self._until
        self._run = str(node.workerinput[RUN])

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Watches over random numbers while a golden.py is executed."""
        if not isinstance(collector, GoldenFile):
            return (yield)
        with self._config.stash[_WATCH].loading(str(collector.path)):
            return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Deselects the cases that need not run."""
        judged = [item for item in items if isinstance(item, GoldenItem)]
        self._judgements = self._judge(judged) if judged else {}
        if self._word == "record":
            return
        left_out = {item.nodeid for item in judged if not self._judgements[item.nodeid].reasons}
        if left_out:
            config.hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
            items[:] = [item for item in items if item.nodeid not in left_out]

    def _judge(self, items: list[GoldenItem]) -> dict[str, Judgement]:
        """Judges cases; among the workers of xdist the first one does it for all of them."""
        from pytest_a2a3sim.affected import verdicts  # noqa: PLC0415 - only on demand

        gate = self._open_gate()

        def judge() -> dict[str, Judgement]:
            return {item.nodeid: self._judgement(gate, item) for item in items}

        return verdicts.shared(gate.cache, self._run, judge) if self._run else judge()

    def _judgement(self, gate: Gate, item: GoldenItem) -> Judgement:
        from pytest_a2a3sim.affected.gate import Judgement  # noqa: PLC0415 - only on demand

        try:
            judgement = gate.judge(self._candidate(item))
        except SettingsError as error:  # fails the case
            return Judgement(reasons=(str(error).split("\n", 1)[0],))
        if item.is_named_on_command_line and not judgement.reasons:
            return Judgement(reasons=("the command line names it",), seconds=judgement.seconds)
        return judgement

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Keeps a case that passes, with what it has used."""
        if not isinstance(item, GoldenItem):
            return (yield)
        from pytest_a2a3sim.loading.observing import Observer  # noqa: PLC0415 - only on demand

        self._outcomes, self._used, self._facts, observer = [], [], None, Observer()
        with self._config.stash[_WATCH].noting(observer):
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
        with self._config.stash[_WATCH].noting(observer):
            return (yield)

    def _keep(self, item: GoldenItem, facts: CaseFacts, observer: Observer) -> None:
        from pytest_a2a3sim.affected.gate import Ran  # noqa: PLC0415 - only on demand
        from pytest_a2a3sim.model.uses import UntrackedError  # noqa: PLC0415 - as above

        gate, candidate = self._open_gate(), self._candidate(item)
        try:
            uses = self._config.stash[_WATCH].uses(
                self._files(item), [observer, *self._observers()]
            )
        except UntrackedError as reason:
            gate.refuse(item.nodeid, str(reason))
            return
        started = self._config.stash[_STARTED]
        instrumentation = self._config.stash[SIMULATOR].instrumentation(candidate.golden)
        gate.keep(candidate, Ran(facts, instrumentation, uses, started, self._seconds))

    def _observers(self) -> Iterator[Observer]:
        for fixture in self._used:
            if (observer := self._fixtures.get(fixture)) is not None:
                yield observer

    def _files(self, item: GoldenItem) -> Iterator[str]:
        """The Python that a case is made from, but for what that imports."""
        from pytest_a2a3sim.loading.libraries import is_library_file  # noqa: PLC0415 - on demand

        yield str(item.golden.path)
        yield str(item.golden.config.path)
        for plugin in self._config.pluginmanager.get_plugins():
            file = getattr(plugin, "__file__", None)
            if not file or is_library_file(file):
                continue
            directory, _, name = file.rpartition("/")
            if name != "conftest.py" or str(item.path).startswith(f"{directory}/"):
                yield file
        for fixture in self._used:
            code = getattr(fixture.func, "__code__", None)
            if code is not None and not is_library_file(code.co_filename):
                yield code.co_filename

    def _candidate(self, item: GoldenItem) -> Any:
        from pytest_a2a3sim.affected.gate import Candidate  # noqa: PLC0415 - only on demand

        return Candidate(item.nodeid, item.marked_golden(), item.case)

    def _open_gate(self) -> Gate:
        if self._gate is None:
            config = self._config
            plugins = {
                f"{found.project_name} {found.version}"
                for _, found in config.pluginmanager.list_plugin_distinfo()
            }
            parts = [*deciding(config), *(("pytest plugin", name) for name in sorted(plugins))]
            simulator = config.stash[SIMULATOR]
            self._gate = simulator.gate(config.rootpath, parts, self._until)
        return self._gate

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A session of which all cases are left out has nothing to complain about."""
        self._take_over()
        left_out = any(not each.reasons for each in self._judgements.values())
        if left_out and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    def _take_over(self) -> None:
        """Learns what the workers of xdist have judged."""
        if self._run and not self._worker:
            from pytest_a2a3sim.affected import verdicts  # noqa: PLC0415 - only on demand

            self._judgements = verdicts.known(self._open_gate().cache, self._run)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Says how many cases are left out, and why the others run."""
        if not self._judgements:
            return
        if self._word == "explain":
            terminalreporter.write_sep("=", "affected cases")
            for nodeid, judgement in self._judgements.items():
                for line in _explained(nodeid, judgement):
                    terminalreporter.write_line(line)
        terminalreporter.write_line(_closing(self._judgements, self._word))


def _explained(nodeid: str, judgement: Judgement) -> list[str]:
    reasons = judgement.reasons
    if not reasons:
        return []
    more = len(reasons) - _MOST_REASONS
    return [
        f"{nodeid} runs:",
        *(f"  {reason}" for reason in reasons[:_MOST_REASONS]),
        *([f"  and {more} more"] if more > 0 else []),
    ]


def _closing(judgements: dict[str, Judgement], word: str) -> str:
    since = [each.since for each in judgements.values() if not each.reasons]
    count = f"a2a3sim: {len(since)} of {len(judgements)} cases"
    if not since:
        return f"{count} are unaffected"
    first = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(min(since)))
    done = "would be deselected" if word == "record" else "deselected"
    return f"{count} {done}: unchanged since they passed, the first of them at {first}"
