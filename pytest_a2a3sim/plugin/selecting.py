"""What ``--sim-affected`` and ``--sim-since`` share: watching, deselecting, and saying so."""

from __future__ import annotations

import contextlib
import gc
import time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.plugin.collect import SIMULATOR, GoldenFile, GoldenItem

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from pytest_a2a3sim.affected.gate import Candidate, Judgement
    from pytest_a2a3sim.affected.watch import CaseWatch

WATCH: pytest.StashKey[CaseWatch] = pytest.StashKey()
STARTED: pytest.StashKey[int] = pytest.StashKey()
"""Since when the user's code is watched, in nanoseconds since the epoch."""

_UNTIL, _RUN = "a2a3sim_affected_until", "testrunuid"
_MOST_REASONS = 5


@contextlib.contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Where much is made that lives as long as the session, and next to nothing is left behind."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def watch(config: pytest.Config) -> None:
    """Notes from now on what the user's Python uses."""
    if WATCH in config.stash:
        return
    from pytest_a2a3sim.affected.watch import CaseWatch  # noqa: PLC0415 - only on demand
    from pytest_a2a3sim.loading.watching import told_to  # noqa: PLC0415 - as above

    config.stash[STARTED] = time.time_ns()
    noting = config.stash[WATCH] = CaseWatch()
    stack = contextlib.ExitStack()
    stack.enter_context(told_to(noting))
    config.add_cleanup(stack.close)


def candidate_of(item: GoldenItem) -> Candidate:
    """A case as it is judged.

    Raises:
        SettingsError: its marks say something impossible.
    """
    from pytest_a2a3sim.affected.gate import Candidate  # noqa: PLC0415 - only on demand

    return Candidate(item.nodeid, item.marked_golden(), item.case)


def python_of(
    config: pytest.Config, item: GoldenItem, fixtures: Iterable[pytest.FixtureDef[Any]]
) -> Iterator[str]:
    """The files of Python that a case is made from, but for those that they import."""
    from pytest_a2a3sim.loading.libraries import is_library_file  # noqa: PLC0415 - on demand

    yield str(item.golden.path)
    yield str(item.golden.config.path)
    for file in _plugin_files(config):
        directory, _, name = file.rpartition("/")
        if name != "conftest.py" or str(item.path).startswith(f"{directory}/"):
            yield file
    for fixture in fixtures:
        code = getattr(fixture.func, "__code__", None)
        if code is not None and not is_library_file(code.co_filename):
            yield code.co_filename


def _plugin_files(config: pytest.Config) -> set[str]:
    """Those of plugins that are no library: below the root, or of no installed package.

    A worker on another machine has copies of installed plugins in a place of its own.
    """
    from pytest_a2a3sim.loading.libraries import is_library_file  # noqa: PLC0415 - on demand

    manager = config.pluginmanager
    installed = {"_pytest", *(_package_of(plugin) for plugin, _ in manager.list_plugin_distinfo())}
    root = f"{config.rootpath}/"
    files = {
        (getattr(plugin, "__file__", None) or "", _package_of(plugin) in installed)
        for plugin in manager.get_plugins()
    }
    return {
        file
        for file, is_installed in files
        if file and not is_library_file(file) and (file.startswith(root) or not is_installed)
    }


def _package_of(plugin: object) -> str:
    return str(getattr(plugin, "__name__", "")).partition(".")[0]


def missing_conftests(config: pytest.Config, item: GoldenItem) -> list[str]:
    """Where a conftest.py would be one of a case, and there is none."""
    above = [item.path.parent, *item.path.parent.parents]
    if config.rootpath in above:
        above = above[: above.index(config.rootpath) + 1]
    places = (directory / "conftest.py" for directory in above)
    return [str(place) for place in places if not place.exists()]


def local_plugins(config: pytest.Config) -> list[str]:
    """The files of the project's plugins: those of ``-p``, of ini files and of conftest.py."""
    return sorted(file for file in _plugin_files(config) if not file.endswith("/conftest.py"))


class Selecting:
    """Deselects cases that need not run.

    The workers of xdist have to select alike: the first of them judges, and the others take over
    what it says, as the process does that reports.

    Attributes:
        config: of the session.
        judgements: of its cases, by node id.
        until: when the session began, in seconds since the epoch; the same in all workers.
        leaves_out: whether cases are deselected.
        explains: whether it is said why cases run.
    """

    leaves_out = True
    explains = False

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.judgements: Mapping[str, Judgement] = {}
        self._worker: dict[str, Any] = getattr(config, "workerinput", {})
        self.until = float(self._worker.get(_UNTIL) or time.time())
        self._run = str(self._worker.get(_RUN, ""))

    def judge(self, item: GoldenItem) -> Judgement:
        """Whether a case can be left out.

        Raises:
            SettingsError: its marks say something impossible.
        """
        raise NotImplementedError

    def says(self) -> str:
        """What follows the number of cases that are left out, of which there is one."""
        raise NotImplementedError

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Has all xdist workers begin at one time."""
        node.workerinput[_UNTIL] = self.until
        self._run = str(node.workerinput[_RUN])

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Watches over random numbers while a golden.py is executed."""
        if not isinstance(collector, GoldenFile):
            return (yield)
        with self.config.stash[WATCH].loading(str(collector.path)):
            return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Deselects the cases that need not run."""
        mine = [item for item in items if isinstance(item, GoldenItem)]
        self.judgements = self._judge_all(mine) if mine else {}
        left_out = {nodeid for nodeid, each in self.judgements.items() if not each.reasons}
        if left_out and self.leaves_out:
            hook = self.config.hook
            hook.pytest_deselected(items=[item for item in items if item.nodeid in left_out])
            items[:] = [item for item in items if item.nodeid not in left_out]

    def _judge_all(self, items: list[GoldenItem]) -> Mapping[str, Judgement]:
        from pytest_a2a3sim.affected import verdicts  # noqa: PLC0415 - only on demand

        def judge() -> dict[str, Judgement]:
            with no_garbage_collection():
                return {item.nodeid: self._judge(item) for item in items}

        if not self._run:
            return judge()
        return verdicts.shared(self.config.stash[SIMULATOR].cache, self._name, judge)

    def shared(self) -> Mapping[str, Judgement]:
        """What a worker of this run has judged."""
        from pytest_a2a3sim.affected import verdicts  # noqa: PLC0415 - only on demand

        return verdicts.known(self.config.stash[SIMULATOR].cache, self._name)

    @property
    def _name(self) -> str:
        """Of what the processes of a run share."""
        return f"{type(self).__name__} {self._run}"

    def _judge(self, item: GoldenItem) -> Judgement:
        from pytest_a2a3sim.affected.gate import Judgement  # noqa: PLC0415 - only on demand

        try:
            judgement = self.judge(item)
        except SettingsError as error:  # fails the case
            return Judgement(reasons=(str(error).split("\n", 1)[0],))
        if item.is_named_on_command_line and not judgement.reasons:
            return Judgement(reasons=("the command line names it",), seconds=judgement.seconds)
        return judgement

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Lets a session end well of which all cases are left out."""
        if self._run and not self._worker:
            self.judgements = self.shared()
        left_out = any(not each.reasons for each in self.judgements.values())
        if left_out and session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Says how many cases are left out, and why the others run."""
        if not self.judgements:
            return
        if self.explains:
            terminalreporter.write_sep("=", "affected cases")
            for nodeid, judgement in self.judgements.items():
                for line in _explained(nodeid, judgement):
                    terminalreporter.write_line(line)
        left_out = sum(not each.reasons for each in self.judgements.values())
        count = f"a2a3sim: {left_out} of {len(self.judgements)} cases"
        said = self.says() if left_out else "are unaffected"
        terminalreporter.write_line(f"{count} {said}")


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
