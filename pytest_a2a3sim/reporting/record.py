"""A tested case -> the record that every report is made from."""

from __future__ import annotations

import functools
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pytest_a2a3sim.model.errors import A2A3SimError, BuildError, Culprit, RunError
from pytest_a2a3sim.model.frozen import frozen
from pytest_a2a3sim.model.stable_text import stable_text
from pytest_a2a3sim.reporting.shown_path import shown_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_a2a3sim.model.baseline_record import RegressionRecord
    from pytest_a2a3sim.model.diff import TensorDiff
    from pytest_a2a3sim.model.graph_record import GraphRecord
    from pytest_a2a3sim.model.intermediate import Intermediate
    from pytest_a2a3sim.model.record import (
        CaseRecord,
        DumpRecord,
        FailureRecord,
        IntermediateRecord,
        KernelRecord,
        SanitizerRecord,
        TensorRecord,
    )
    from pytest_a2a3sim.model.result import CaseFacts, CaseResult
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.spec import GoldenSpec

_PHASES = {"start": "fork"}  # names in the record that differ from the engine's
_MOST_DEPENDENCIES = 10_000  # a report is read whole; a2a3sim graph writes all of them
_OF_FAILURE = ("kind", "task", "kernel", "func_id", "core", "source", "line", "buffer", "offset")
_OF_CASE = ("peak_rss_bytes", "compiled", "cache_hits", "golden_cache", "seed")


@frozen
class TestedCase:
    """What is known of a case once its test has ended.

    Attributes:
        nodeid: pytest's.
        golden: the golden directory.
        case: the case's name.
        params: what generate_inputs gets.
        outcome: ``"passed"``, ``"failed"`` or ``"skipped"``.
        seconds: that the test took.
        facts: how far the case came.
        result: None where the case did not run to its end.
        error: what failed the test; None where it did not fail.
        message: the text of a failure.
        regressions: what has become worse since the baseline; None where there is nothing to
            compare with.
    """

    nodeid: str
    golden: GoldenSpec
    case: str
    params: Mapping[str, Any]
    outcome: str
    seconds: float
    facts: CaseFacts
    result: CaseResult | None = None
    error: BaseException | None = None
    message: str = ""
    regressions: Sequence[RegressionRecord] | None = None


def case_record(done: TestedCase, root: Path) -> CaseRecord:
    """The record of a case; paths below ``root`` are relative to it."""
    result, facts = done.result, done.facts
    return {
        "nodeid": done.nodeid,
        "golden": shown_path(done.golden.path, root),
        "case": done.case,
        "params": {key: _plain(value) for key, value in done.params.items()},
        "outcome": done.outcome,
        "seconds": done.seconds,
        "failure": _failure(done, root) if done.outcome == "failed" else None,
        "tensors": [] if result is None else [tensor_record(diff) for diff in result.diffs],
        "intermediates": [] if result is None else list(map(_intermediate, result.intermediates)),
        "graph": _graph(facts, result),
        "phases": {_PHASES.get(name, name): seconds for name, seconds in facts.phases.items()},
        "kernels": [] if result is None else _kernels(result, done.golden),
        "peak_rss_bytes": facts.peak_rss_bytes,
        "compiled": facts.compiled,
        "cache_hits": facts.cache_hits,
        "compiler": facts.compiler,
        "golden_cache": facts.golden_cache,
        "findings": [] if result is None else list(result.findings),
        "notes": [] if result is None else list(result.notes),
        "defaults": [] if result is None else list(result.defaults),
        "seed": _seed(facts.schedule),
        "sanitizer": _sanitizer(result, root),
        "dump": _dump(facts, root),
        "regressions": None if done.regressions is None else list(done.regressions),
    }


# Few cases have one: what makes it is imported for them.


def _sanitizer(result: CaseResult | None, root: Path) -> SanitizerRecord | None:
    if result is None or result.sanitizer is None:
        return None
    from pytest_a2a3sim.reporting.sanitizer_record import sanitizer_record  # noqa: PLC0415 - see above

    return sanitizer_record(result.sanitizer, root)


def _dump(facts: CaseFacts, root: Path) -> DumpRecord | None:
    if facts.dump is None:
        return None
    from pytest_a2a3sim.reporting.dump_record import dump_record  # noqa: PLC0415 - see above

    return dump_record(facts.dump, root)


def _graph(facts: CaseFacts, result: CaseResult | None) -> GraphRecord | None:
    if facts.graph is None:
        return None
    rings = () if result is None else result.rings
    dependencies = () if result is None else result.dependencies[:_MOST_DEPENDENCIES]
    return {
        "tasks": facts.graph.tasks,
        "edges": facts.graph.edges,
        "critical_tasks": None if result is None else result.critical_tasks,
        "rings": [
            {
                "ring": ring.number,
                "tasks": ring.tasks,
                "bytes": ring.nbytes,
                "dependencies": ring.dependencies,
                "smallest": ring.smallest,
            }
            for ring in rings
        ],
        "dependencies": [
            {
                "sources": list(each.sources),
                "targets": list(each.targets),
                "kind": each.kind,
                "tensor": each.tensor or None,
                "region": each.region or None,
            }
            for each in dependencies
        ],
    }


def properties(record: CaseRecord) -> list[tuple[str, str]]:
    """What is known of a case as the properties of its test case in JUnit XML.

    Each name begins with ``a2a3sim.``.
    """
    found: dict[str, object] = {"golden": record["golden"], "case": record["case"]}
    found |= {f"params.{name}": value for name, value in record["params"].items()}
    if record["graph"] is not None:
        found |= {"tasks": record["graph"]["tasks"], "edges": record["graph"]["edges"]}
    for tensor in record["tensors"]:
        name = tensor["name"]
        found[f"{name}.matched"] = f"{tensor['matched']}/{tensor['size']}"
        found[f"{name}.max_abs_error"] = tensor["max_abs_error"]
        found[f"{name}.max_rel_error"] = tensor["max_rel_error"]
        found[f"{name}.max_ulp_error"] = tensor["max_ulp_error"]
        if tensor["diagnoses"]:
            found[f"{name}.diagnosis"] = "; ".join(each["text"] for each in tensor["diagnoses"])
    found |= {f"seconds.{phase}": f"{spent:.6f}" for phase, spent in record["phases"].items()}
    found |= {name: value for name, value in record.items() if name in _OF_CASE}
    if record["failure"] is not None:
        failure = record["failure"].items()
        found |= {f"failure.{name}": value for name, value in failure if name in _OF_FAILURE}
    if record["sanitizer"] is not None:
        sanitizer = record["sanitizer"]
        found["sanitizer.checks"] = ", ".join(sanitizer["checks"])
        counts = [(name, value) for name, value in sanitizer.items() if isinstance(value, int)]
        found |= {f"sanitizer.{name}": value for name, value in counts}
    if record["findings"]:
        found["findings"] = "; ".join(record["findings"])
    return [_property(name, str(value)) for name, value in found.items() if value is not None]


@functools.lru_cache(maxsize=256)
def _property(name: str, value: str) -> tuple[str, str]:
    """A property; cases that have an equal one share it, as pytest keeps all of a session."""
    return sys.intern(f"a2a3sim.{name}"), value


def _seed(schedule: Schedule | None) -> int | None:
    return schedule.seed if schedule is not None and schedule.order == "random" else None


def _failure(done: TestedCase, root: Path) -> FailureRecord:
    error = done.error
    culprit = error.culprit if isinstance(error, RunError) else Culprit()
    source, line = culprit.source, culprit.line
    if isinstance(error, BuildError) and error.messages:
        source, line = error.messages[0].file, error.messages[0].line
    if source is None:
        source = _kernel_source(culprit, done.golden)
    return {
        "kind": error.kind if isinstance(error, A2A3SimError) else "error",
        "message": done.message or str(error),
        "task": culprit.task,
        "kernel": culprit.kernel,
        "func_id": culprit.func_id,
        "core": culprit.core,
        "source": None if source is None else shown_path(Path(source), root),
        "line": line,
        "buffer": culprit.buffer,
        "offset": culprit.offset,
    }


def _kernel_source(culprit: Culprit, golden: GoldenSpec) -> str | None:
    sources = {kernel.func_id: str(kernel.compile.source) for kernel in golden.config.kernels}
    return None if culprit.func_id is None else sources.get(culprit.func_id)


def tensor_record(diff: TensorDiff) -> TensorRecord:
    """The comparison of an output."""
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


def _intermediate(found: Intermediate) -> IntermediateRecord:
    return {
        **tensor_record(found.diff),
        "task": found.task,
        "kernel": found.kernel,
        "changed": found.is_changed,
    }


def _kernels(result: CaseResult, golden: GoldenSpec) -> list[KernelRecord]:
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
        return {stable_text(key): _plain(element) for key, element in value.items()}
    if hasattr(value, "tolist") and not isinstance(value, type):  # NumPy's scalars and arrays
        return _plain(value.tolist())
    return stable_text(value)
