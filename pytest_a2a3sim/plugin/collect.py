"""golden.py files as pytest collectors, their cases as items."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import types
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

from pytest_a2a3sim.engine.binary import find_engine
from pytest_a2a3sim.loading.case_names import keywords
from pytest_a2a3sim.loading.fixtures import bound
from pytest_a2a3sim.model.errors import A2A3SimError, A2A3SimWarning, VacuousGolden
from pytest_a2a3sim.plugin.ahead import compile_ahead
from pytest_a2a3sim.plugin.baseline import BASELINE
from pytest_a2a3sim.plugin.blas import import_numpy
from pytest_a2a3sim.plugin.marks import checks_of, marks_of, options_of
from pytest_a2a3sim.plugin.options import is_strict

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator
    from pathlib import Path

    from pytest_a2a3sim.model.baseline_record import RegressionRecord
    from pytest_a2a3sim.model.between_cases import BetweenCases
    from pytest_a2a3sim.model.result import Attempt
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.simulator import Simulator

SIMULATOR: pytest.StashKey[Simulator] = pytest.StashKey()
BETWEEN_CASES: pytest.StashKey[BetweenCases] = pytest.StashKey()
ATTEMPT: pytest.StashKey[Attempt] = pytest.StashKey()
REGRESSIONS: pytest.StashKey[list[RegressionRecord]] = pytest.StashKey()
"""What has become worse of a case since the baseline, where that has it."""

_NOTHING: Final = object()


class GoldenFile(pytest.Module):
    """A golden.py.

    It is a module to pytest, so that fixtures of module scope end with its last case.
    """

    _ALLOW_MARKERS = False  # pytest takes a list of marks only: collect adds them

    @functools.cached_property
    def golden(self) -> GoldenSpec:
        """What the file says; it is executed when somebody asks first.

        Raises:
            CollectError: it cannot be loaded.
        """
        try:
            find_engine()
            compile_ahead(self.config, self.config.stash[SIMULATOR], self.path)
            import_numpy()  # nearly every golden.py does that
            from pytest_a2a3sim.loading.golden import load_golden  # noqa: PLC0415 - needs NumPy

            return load_golden(self.path, root=self.config.rootpath)
        except A2A3SimError as error:
            raise self.CollectError(str(error)) from None

    def collect(self) -> Iterator[GoldenItem]:
        """One item per case; those that do not run by default are deselected later."""
        golden = self.golden
        try:
            marks = marks_of(golden)
            for note in golden.config.notes:
                self.warn(A2A3SimWarning(note))  # raises where pytest turns warnings into errors
        except (A2A3SimError, A2A3SimWarning) as error:
            raise self.CollectError(str(error)) from None
        for mark in marks:
            self.add_marker(mark)
        self.session._fixturemanager.parsefactories(self)  # noqa: SLF001 - there is no public way
        for case in golden.cases:
            for call in self._calls(golden, case):
                yield GoldenItem.from_parent(
                    self,
                    name=call.name,
                    originalname=case.name,
                    golden=golden,
                    case=case,
                    callspec=getattr(call, "callspec", None),
                    fixtureinfo=call._fixtureinfo,  # noqa: SLF001 - there is no public way
                )

    def _calls(self, golden: GoldenSpec, case: CaseSpec) -> list[pytest.Function]:
        """The calls that pytest makes of a case: one, or those of what parametrizes it.

        ``parametrize``, fixtures with ``params`` and pytest-repeat's ``--count`` do.
        """
        names = golden.module.__dict__
        hidden = names.get(case.name, _NOTHING)
        function = names[case.name] = _function(golden, case, lambda **_: None)
        try:
            return list(self._genfunctions(case.name, function))
        except pytest.fail.Exception as error:
            hint = (
                "an argument of parametrize is one of generate_inputs, compute_golden or "
                "compare_outputs, after their own, as in `def generate_inputs(params, n)`"
            )
            raise self.CollectError(
                f"{error.msg}; {hint}" if "uses no argument" in str(error.msg) else error.msg
            ) from None
        finally:
            del names[case.name]
            if hidden is not _NOTHING:
                names[case.name] = hidden

    def _getobj(self) -> Any:
        """What ``module`` is of the items: pytest would import the file as a test module."""
        return self.golden.module


class GoldenItem(pytest.Function):
    """One case of a golden.py.

    It is a test function to pytest: its arguments are the fixtures that the functions of golden.py
    ask for, and it has the attributes that hooks look at.
    """

    def __init__(self, *, golden: GoldenSpec, case: CaseSpec, **kwargs: Any) -> None:
        self.golden = golden
        self.case = case
        super().__init__(callobj=_function(golden, case, self._run), **kwargs)
        self.add_marker(pytest.mark.a2a3sim)
        self.extra_keyword_matches.update(_keywords(golden, case))

    def marked_golden(self) -> GoldenSpec:
        """The golden directory as the item's marks want it.

        Raises:
            SettingsError: one has arguments without a meaning.
        """
        return dataclasses.replace(self.golden, sanitize=checks_of(self), options=options_of(self))

    def _run(self, **fixtures: Any) -> None:
        """Builds, simulates and compares the case."""
        error, findings, notes = self._attempt(fixtures)
        for note in notes:
            self.warn(A2A3SimWarning(f"{self.nodeid}: {note}"))
        if error is not None:
            raise error.with_traceback(None)
        if findings and is_strict(self.config):
            raise VacuousGolden("\n".join([*findings, "These are errors because of --sim-strict."]))
        if is_strict(self.config) and (worse := self.stash.get(REGRESSIONS, [])):
            raise self.config.stash[BASELINE].error(worse)
        for finding in findings:
            self.warn(A2A3SimWarning(f"{self.nodeid}: {finding}"))

    def _attempt(
        self, fixtures: dict[str, Any]
    ) -> tuple[A2A3SimError | None, tuple[str, ...], tuple[str, ...]]:
        """What failed the case, remarks about it, and where expected values come from.

        The attempt's tensors are in no frame that the error's traceback would keep alive.
        """
        try:
            golden = bound(self.marked_golden(), fixtures)
        except A2A3SimError as error:
            return error, (), ()
        case = dataclasses.replace(self.case, label=self.nodeid)
        stash = self.config.stash
        attempt = stash[SIMULATOR].attempt(golden, case, between=stash[BETWEEN_CASES])
        self.stash[ATTEMPT] = attempt
        if attempt.result is None:
            return attempt.error, (), ()
        if attempt.error is None and (baseline := self.config.stash.get(BASELINE, None)):
            found = baseline.regressions(self.nodeid, attempt.result)
            if found is not None:
                self.stash[REGRESSIONS] = found
        return attempt.error, attempt.result.findings, attempt.result.notes

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]  # as Function does
        """Our errors are the whole message; others are shown as pytest shows them."""
        if isinstance(excinfo.value, (A2A3SimError, A2A3SimWarning)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """File and headline of a failure's report."""
        return self.path, 0, f"{self.path.parent.name}: {self.name}"

    @property
    def is_named_on_command_line(self) -> bool:
        """Whether an argument of pytest is this item's node id."""
        directory = self.config.invocation_params.dir
        for argument in self.config.args:
            file, separator, name = argument.partition("::")
            if (
                separator
                and name in {self.name, self.originalname, self.nodeid.partition("::")[2]}
                and (directory / file).resolve() == (self.path.resolve())
            ):
                return True
        return False


def deselect_unasked(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Removes the cases of ALL_CASES that run neither by default nor on demand."""
    if config.getoption("sim_all_cases"):
        return
    failed = _failed_last(config)
    unasked = [
        item
        for item in items
        if isinstance(item, GoldenItem)
        and not item.case.runs_by_default
        and not item.is_named_on_command_line
        and item.nodeid not in failed
    ]
    if unasked:
        config.hook.pytest_deselected(items=unasked)
        items[:] = [item for item in items if item not in unasked]


def _failed_last(config: pytest.Config) -> Container[str]:
    """Node ids that ``--lf`` or ``--ff`` asks for."""
    cache = getattr(config, "cache", None)  # there is none with -p no:cacheprovider
    if cache is None or not (config.option.lf or config.option.failedfirst):
        return ()
    failed: dict[str, bool] = cache.get("cache/lastfailed", {})
    return failed


def _keywords(golden: GoldenSpec, case: CaseSpec) -> set[str]:
    config = golden.config
    return {
        golden.path.parent.name,
        config.runtime.runtime,
        *(kernel.name for kernel in config.kernels),
        *(kernel.compile.source.stem for kernel in config.kernels),
        *keywords(case.params),
    }


def _function(golden: GoldenSpec, case: CaseSpec, run: Callable[..., None]) -> Callable[..., None]:
    """The function of a case, which runs it, at the head of golden.py.

    Its arguments are the fixtures that the functions of golden.py ask for. Its globals are
    golden.py's, where pytest evaluates conditions such as those of
    ``pytest.mark.skipif("np is None")``.
    """

    def call(**fixtures: Any) -> None:
        run(**fixtures)

    code = call.__code__.replace(co_filename=str(golden.path), co_firstlineno=1)
    names = golden.module.__dict__
    function: Any = types.FunctionType(code, names, "golden", None, call.__closure__)
    function.__doc__ = names.get("__doc__")
    asked = dict.fromkeys(name for each in golden.fixtures.values() for name in each)
    function.__signature__ = inspect.Signature(
        [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in asked]
    )
    if case.marks:
        function.pytestmark = list(case.marks)
    return cast("Callable[..., None]", function)
