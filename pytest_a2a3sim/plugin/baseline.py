"""``--sim-baseline``: what has become worse since an earlier report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.errors import Regression, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.baseline_record import BaselineRecord, RegressionRecord
    from pytest_a2a3sim.model.record import CaseRecord
    from pytest_a2a3sim.model.result import CaseResult

BASELINE: pytest.StashKey[Baseline] = pytest.StashKey()

_OF_WORKER = "a2a3sim_baseline"


class Baseline:
    """What cases are compared with.

    Attributes:
        name: of the file, as the command line has it.
        known: of its cases, by node id.
        factor: by which an error may grow.
    """

    def __init__(self, name: str, known: Mapping[str, BaselineRecord], factor: float) -> None:
        self.name = name
        self.known = known
        self.factor = factor

    def regressions(self, nodeid: str, result: CaseResult) -> list[RegressionRecord] | None:
        """What has become worse of a case; None where the baseline does not know it."""
        from pytest_a2a3sim.reporting.baseline import regressions  # noqa: PLC0415 - on demand
        from pytest_a2a3sim.reporting.record import tensor_record  # noqa: PLC0415 - needs NumPy

        before = self.known.get(nodeid)
        if before is None:
            return None
        tensors = [tensor_record(diff) for diff in result.diffs]
        return regressions(tensors, result.critical_tasks, before, self.factor)

    def lines(self, records: Sequence[CaseRecord]) -> list[str]:
        """The closing lines."""
        from pytest_a2a3sim.reporting.baseline import baseline_lines  # noqa: PLC0415 - on demand

        return baseline_lines(self.name, records, self.known)

    def error(self, worse: Sequence[RegressionRecord]) -> Regression:
        """What fails a case that has become worse."""
        from pytest_a2a3sim.reporting.baseline import regression_lines  # noqa: PLC0415 - on demand

        first, *others = regression_lines(worse)
        lines = [
            f"worse than in the baseline: {first}",
            *(f"  {text}" for text in others),
            "This is an error because of --sim-strict.",
            f"If it is meant to be so, write {self.name} anew with --sim-json.",
        ]
        return Regression("\n".join(lines))

    def digest(self) -> str:
        """What a case depends on that fails where it has become worse."""
        import hashlib  # noqa: PLC0415 - only on demand

        text = json.dumps([self.known, self.factor], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def register_baseline(config: pytest.Config, factor: float | None) -> None:
    """Reads the file that the option names, before any test runs; workers get what it says.

    Raises:
        pytest.UsageError: it is no report.
    """
    name = str(config.getoption("sim_baseline"))
    from pytest_a2a3sim.reporting.baseline import (  # noqa: PLC0415 - only on demand
        DEFAULT_FACTOR,
        known_of,
        read_baseline,
    )

    worker = getattr(config, "workerinput", None)
    try:
        known = (
            known_of(read_baseline(config.invocation_params.dir / name))
            if worker is None
            else json.loads(worker[_OF_WORKER])
        )
    except SettingsError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[BASELINE] = Baseline(name, known, factor or DEFAULT_FACTOR)


def tell_worker(node: Any) -> None:
    """Hands an xdist worker the baseline, whose file it may not have."""
    if (baseline := node.config.stash.get(BASELINE, None)) is not None:
        node.workerinput[_OF_WORKER] = json.dumps(baseline.known)
