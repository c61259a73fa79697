"""An earlier report of ``--sim-json`` as a baseline: what has become worse since."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.reporting.json_report import SCHEMA
from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pytest_a2a3sim.model.baseline_record import BaselineRecord, RegressionRecord
    from pytest_a2a3sim.model.record import CaseRecord, TensorRecord

DEFAULT_FACTOR = 2.0
MOST_ULP = 4
"""An output all of whose elements are as close as that to the expected ones is no worse."""

_FLOOR = 1 / 100  # of a tolerance: smaller errors count as much as this one
_WORDS = {
    "max_abs_error": "largest absolute error",
    "max_rel_error": "largest relative error",
    "critical_tasks": "critical path",
}
_NEXT = "write one with --sim-json=FILE"


def read_baseline(path: Path) -> dict[str, CaseRecord]:
    """The records of an earlier session by node id.

    Raises:
        SettingsError: the file cannot be read, or is no such report.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"--sim-baseline: the report cannot be read: {error.strerror}; {_NEXT}\n  {path}"
        ) from None
    except ValueError as error:
        raise SettingsError(
            f"--sim-baseline: this is no JSON: {error}; {_NEXT}\n  {path}"
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("cases"), list):
        raise SettingsError(f"--sim-baseline: this is no report of --sim-json; {_NEXT}\n  {path}")
    if document.get("schema") != SCHEMA:
        raise SettingsError(
            f"--sim-baseline: the report has schema {document.get('schema')!r}, not {SCHEMA}: "
            f"another version wrote it; {_NEXT}\n  {path}"
        )
    records: list[CaseRecord] = document["cases"]
    try:
        for record in records:
            _known(record)
            _ = record["outcome"], float(record["seconds"]), record["phases"].get("execute")
        return {record["nodeid"]: record for record in records}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SettingsError(
            f"--sim-baseline: a case is not as --sim-json has it ({error!r}); {_NEXT}\n  {path}"
        ) from None


def known_of(records: Mapping[str, CaseRecord]) -> dict[str, BaselineRecord]:
    """What later cases are compared with, by node id."""
    return {nodeid: _known(record) for nodeid, record in records.items() if record["tensors"]}


def _known(record: CaseRecord) -> BaselineRecord:
    graph = record["graph"]
    return {
        "tensors": {
            tensor["name"]: {
                "shape": list(tensor["shape"]),
                "dtype": str(tensor["dtype"]),
                "max_abs_error": float(tensor["max_abs_error"]),
                "max_rel_error": float(tensor["max_rel_error"]),
            }
            for tensor in record["tensors"]
        },
        "critical_tasks": None if graph is None else graph.get("critical_tasks"),
    }


def regressions(
    tensors: Sequence[TensorRecord],
    critical_tasks: int | None,
    before: BaselineRecord,
    factor: float,
) -> list[RegressionRecord]:
    """What has become worse of a case.

    Args:
        tensors: its outputs.
        critical_tasks: on the longest path of its graph; None where that is not known.
        before: the same of an earlier session.
        factor: by which an error may grow.
    """
    found = [each for tensor in tensors for each in _of_tensor(tensor, before, factor)]
    earlier = before["critical_tasks"]
    if earlier is not None and critical_tasks is not None and critical_tasks > earlier:
        found.append(_regression("critical_tasks", None, earlier, critical_tasks))
    return found


def _of_tensor(
    tensor: TensorRecord, before: BaselineRecord, factor: float
) -> Iterator[RegressionRecord]:
    """Errors that have grown.

    The largest relative error is that of an element near 0 if there is one, whose allowed error is
    the absolute tolerance: it counts where that is 0.
    """
    known = before["tensors"].get(tensor["name"])
    if known is None or tensor["max_ulp_error"] <= MOST_ULP:
        return
    if (known["shape"], known["dtype"]) != (tensor["shape"], tensor["dtype"]):
        return
    earlier, now = known["max_abs_error"], float(tensor["max_abs_error"])
    if now > factor * max(earlier, _FLOOR * tensor["atol"]):
        yield _regression("max_abs_error", tensor["name"], earlier, now)
    earlier, now = known["max_rel_error"], float(tensor["max_rel_error"])
    if tensor["atol"] == 0 and now > factor * max(earlier, _FLOOR * tensor["rtol"]):
        yield _regression("max_rel_error", tensor["name"], earlier, now)


def _regression(what: str, tensor: str | None, before: float, now: float) -> RegressionRecord:
    numbers = [each if math.isfinite(each) else str(each) for each in (before, now)]
    return {"what": what, "tensor": tensor, "before": numbers[0], "now": numbers[1]}


def regression_lines(found: Sequence[RegressionRecord]) -> list[str]:
    """What has become worse, in words."""
    return [
        f"{'' if each['tensor'] is None else each['tensor'] + ': '}{_WORDS[each['what']]} "
        f"{_change(each)}"
        for each in found
    ]


def _change(each: RegressionRecord) -> str:
    before, now = float(each["before"]), float(each["now"])
    if each["what"] == "critical_tasks":
        return f"{before:,.0f} -> {counted(int(now), 'task')}"
    times = f", {now / before:.3g} times as large" if before > 0 and math.isfinite(now) else ""
    return f"{before:.3g} -> {now:.3g}{times}"


def baseline_lines(name: str, records: Sequence[CaseRecord], known: Mapping[str, Any]) -> list[str]:
    """The closing lines about all cases.

    Args:
        name: of the baseline.
        records: of the cases that ran.
        known: by the node ids of the baseline's cases.
    """
    ran = {record["nodeid"] for record in records}
    new, missing = len(ran - known.keys()), len(known.keys() - ran)
    worse = sorted(
        (record for record in records if record["regressions"]), key=lambda each: each["nodeid"]
    )
    count = f"{counted(len(worse), 'case')} worse, {new} new, {missing} of it did not run"
    lines = [f"baseline {name}: {count}"]
    for record in worse:
        lines.append(f"  {record['nodeid']}")
        lines += [f"    {text}" for text in regression_lines(record["regressions"] or ())]
    return lines
