"""A case's outcome -> the plain, JSON-able record that every report is made from.

Records travel from xdist workers to the process that reports. docs/report-schema.md describes
their form.
"""

from __future__ import annotations

import math
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.errors import A2A3SimError, BuildError, CaseFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_a2a3sim.comparing.compare import TensorDiff
    from pytest_a2a3sim.errors import Culprit
    from pytest_a2a3sim.result import CaseResult
    from pytest_a2a3sim.schedule import Schedule
    from pytest_a2a3sim.spec import GoldenSpec

Record = dict[str, Any]

_PHASES = {"start": "fork"}  # names in the record that differ from the engine's
_COMPILER_MESSAGE = re.compile(
    r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? .*error:", re.MULTILINE
)


@dataclass(frozen=True)
class CaseOutcome:
    """What is known of a case once its test has ended.

    Attributes:
        nodeid: pytest's.
        golden: the golden directory.
        case: the case's name.
        params: what generate_inputs gets.
        outcome: ``"passed"``, ``"failed"`` or ``"skipped"``.
        seconds: that the test took.
        result: None where the case did not run to its end.
        error: what failed the test; None where it did not fail.
        message: the text of a failure.
    """

    nodeid: str
    golden: GoldenSpec
    case: str
    params: Mapping[str, Any]
    outcome: str
    seconds: float
    result: CaseResult | None = None
    error: BaseException | None = None
    message: str = ""


def case_record(done: CaseOutcome, root: Path) -> Record:
    """The record of a case; paths below ``root`` are relative to it."""
    result = done.result
    known: Any = done.error.facts if isinstance(done.error, A2A3SimError) else CaseFacts()
    known = result or known
    graph = known.graph
    return {
        "nodeid": done.nodeid,
        "golden": _path(done.golden.path, root),
        "case": done.case,
        "params": {key: _plain(value) for key, value in done.params.items()},
        "outcome": done.outcome,
        "seconds": done.seconds,
        "failure": _failure(done, root) if done.outcome == "failed" else None,
        "tensors": [] if result is None else [_tensor(diff) for diff in result.diffs],
        "graph": None if graph is None else {"tasks": graph.tasks, "edges": graph.edges},
        "phases": {_PHASES.get(name, name): seconds for name, seconds in known.phases.items()},
        "kernels": [] if result is None else _kernels(result, done.golden),
        "peak_rss_bytes": known.peak_rss_bytes,
        "compiled": known.compiled,
        "cache_hits": known.cache_hits,
        "findings": [] if result is None else list(result.findings),
        "seed": _seed(known.schedule),
    }


def _seed(schedule: Schedule | None) -> int | None:
    return schedule.seed if schedule is not None and schedule.order == "random" else None


def _failure(done: CaseOutcome, root: Path) -> Record:
    error = done.error
    failure: Record = {
        "kind": error.kind if isinstance(error, A2A3SimError) else "error",
        "message": done.message or str(error),
        "task": None,
        "kernel": None,
        "func_id": None,
        "core": None,
        "source": None,
        "line": None,
        "buffer": None,
        "offset": None,
    }
    if isinstance(error, BuildError):
        failure.update(_compiler_error(str(error), root))
    culprit = getattr(error, "culprit", None)
    if culprit is not None:
        failure.update(_culprit(culprit, done.golden, root))
    return failure


def _culprit(culprit: Culprit, golden: GoldenSpec, root: Path) -> Record:
    names = ("task", "kernel", "func_id", "core", "line", "buffer", "offset")
    found = {name: _plain(getattr(culprit, name)) for name in names}
    sources = {kernel.func_id: str(kernel.compile.source) for kernel in golden.config.kernels}
    source = culprit.source or sources.get(-1 if culprit.func_id is None else culprit.func_id)
    return {**found, "source": None if source is None else _path(Path(source), root)}


def _compiler_error(message: str, root: Path) -> Record:
    found = _COMPILER_MESSAGE.search(message)
    if found is None:
        return {}
    return {"source": _path(Path(found["file"]), root), "line": int(found["line"])}


def _tensor(diff: TensorDiff) -> Record:
    return {
        "name": diff.name,
        "shape": list(diff.shape),
        "dtype": diff.dtype,
        "status": "passed" if diff.passed else "failed",
        "size": diff.size,
        "matched": diff.matched,
        "rtol": diff.tolerance.rtol,
        "atol": diff.tolerance.atol,
        "max_abs_error": _number(diff.max_abs_error),
        "max_abs_index": _index(diff.max_abs_index),
        "max_rel_error": _number(diff.max_rel_error),
        "max_rel_index": _index(diff.max_rel_index),
        "max_ulp_error": diff.max_ulp_error,
        "max_ulp_index": _index(diff.max_ulp_index),
        "diagnoses": [{"kind": found.kind, "text": found.text} for found in diff.diagnoses],
    }


def _kernels(result: CaseResult, golden: GoldenSpec) -> list[Record]:
    """Tasks and seconds of each kernel, the slowest first."""
    timeline = result.timeline
    func_ids, index, tasks = np.unique(timeline["func_id"], return_inverse=True, return_counts=True)
    seconds = np.bincount(index, weights=timeline["end"] - timeline["start"])
    names = {kernel.func_id: kernel.name for kernel in golden.config.kernels}
    return [
        {
            "kernel": names.get(int(func_ids[i])),
            "func_id": int(func_ids[i]),
            "tasks": int(tasks[i]),
            "seconds": float(seconds[i]),
        }
        for i in np.argsort(-seconds, kind="stable")
    ]


def _number(value: float) -> float | int | str:
    """JSON has neither NaN nor infinities: they are strings."""
    return value if isinstance(value, int) or math.isfinite(value) else str(value)


def _index(index: tuple[int, ...] | None) -> list[int] | None:
    return None if index is None else list(index)


def _plain(value: Any) -> Any:
    """A value as JSON has it: numbers, strings, lists and dicts stay, the rest becomes text."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, (bool, int, str)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_plain(element) for element in value]
    if isinstance(value, dict):
        return {str(key): _plain(element) for key, element in value.items()}
    if hasattr(value, "tolist") and not isinstance(value, type):  # NumPy's scalars and arrays
        return _plain(value.tolist())
    return str(getattr(value, "__name__", value))


def _path(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else os.fspath(path)
