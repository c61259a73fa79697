"""--sim-json: one document, of the documented form, with and without xdist."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import pytest_a2a3sim
from pytest_a2a3sim.model.record import (
    CaseRecord,
    DumpedArgumentRecord,
    DumpedTaskRecord,
    DumpRecord,
    FailureRecord,
    FindingRecord,
    SanitizerRecord,
    SanitizerTotalsRecord,
    SessionRecord,
    SuppressionRecord,
    TensorRecord,
)
from tests.golden_dirs import GoldenDir
from tests.integration.outcomes import OUTCOMES

if TYPE_CHECKING:
    from tests.integration.outcomes import ReportedRun

SCHEMA = Path(pytest_a2a3sim.__file__).parent / "reporting" / "report.schema.json"
PHASES = {
    *("build", "inputs", "golden", "fork", "load", "orchestrate"),
    *("execute", "copy_back", "compare"),
}
GRAPH = {"tasks": 1, "edges": 0, "critical_tasks": 1, "rings": [], "dependencies": []}
TIMES = {"seconds", "started", "phases", "kernels", "peak_rss_bytes", "compiled", "cache_hits"}


def documented_schema() -> Any:
    return json.loads(SCHEMA.read_text(encoding="utf-8"))


def report_of(pytester: pytest.Pytester) -> Any:
    path = pytester.path / "a2a3sim.json"
    pytester.runpytest_subprocess(f"--sim-json={path}")
    document = json.loads(path.read_text())
    jsonschema.validate(document, documented_schema())
    return document


def without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_times(each) for key, each in value.items() if key not in TIMES}
    return [without_times(each) for each in value] if isinstance(value, list) else value


def test_schema_is_a_schema() -> None:
    schema = documented_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["properties"]["schema"] == {"const": 1}


@pytest.mark.parametrize(
    ("described", "record"),
    [
        ("", SessionRecord),
        ("case", CaseRecord),
        ("failure", FailureRecord),
        ("tensor", TensorRecord),
        ("sanitizer", SanitizerRecord),
        ("finding", FindingRecord),
        ("sanitizer_totals", SanitizerTotalsRecord),
        ("suppression", SuppressionRecord),
        ("dump", DumpRecord),
        ("dumped_task", DumpedTaskRecord),
        ("dumped_argument", DumpedArgumentRecord),
    ],
)
def test_records_have_the_fields_of_the_schema(described: str, record: Any) -> None:
    schema = documented_schema()
    required = schema["$defs"][described]["required"] if described else schema["required"]
    assert set(required) == set(record.__annotations__)


def test_validates(reported: ReportedRun) -> None:
    jsonschema.validate(reported.document, documented_schema())


def test_passed_case(alone: ReportedRun) -> None:
    cases = {case["case"]: case for case in alone.document["cases"]}
    assert {name: case["outcome"] for name, case in cases.items()} == OUTCOMES
    good = cases["good"]
    assert good["nodeid"] == "doubler/golden.py::good"
    assert good["golden"] == "doubler/golden.py"
    assert good["params"] == {"name": "good", "mode": 0}
    assert good["failure"] is None
    assert good["graph"] == GRAPH
    assert set(good["phases"]) >= PHASES
    assert good["peak_rss_bytes"] > 1 << 20
    assert good["kernels"][0]["kernel"] == "double"
    (tensor,) = good["tensors"]
    assert (tensor["status"], tensor["matched"], tensor["max_abs_index"]) == ("passed", 8, None)


def test_failed_cases(alone: ReportedRun) -> None:
    cases = {case["case"]: case for case in alone.document["cases"]}
    (tensor,) = cases["wrong"]["tensors"]
    assert cases["wrong"]["failure"]["kind"] == "mismatch"
    assert (tensor["shape"], tensor["matched"], tensor["size"]) == ([2, 4], 4, 8)
    assert (tensor["max_abs_error"], tensor["max_abs_index"]) == (14.0, [1, 3])
    assert (tensor["max_rel_error"], tensor["max_rel_index"]) == (1.0, [1, 0])
    assert [found["kind"] for found in tensor["diagnoses"]] == ["tail", "zero"]
    crash = cases["crash"]["failure"]
    assert (crash["kind"], crash["task"], crash["kernel"]) == ("kernel-fault", 0, "double")
    assert crash["source"] == "doubler/kernels/double.cpp"
    assert crash["core"].startswith("AIV ")
    assert cases["crash"]["graph"] == {**GRAPH, "critical_tasks": None}
    assert {"build", "inputs", "orchestrate", "execute"} <= set(cases["crash"]["phases"])
    assert cases["crash"]["peak_rss_bytes"] > 1 << 20
    assert cases["crash"]["compiled"] + cases["crash"]["cache_hits"] == 2
    assert cases["broken"]["failure"]["kind"] == "golden-error"


def test_xdist_changes_only_times(alone: ReportedRun, shared: ReportedRun) -> None:
    assert comparable(shared.document, shared.path) == comparable(alone.document, alone.path)


def comparable(document: Any, path: Path) -> Any:
    """Without times, the directory, addresses, and the core that a task happened to run on."""
    text = json.dumps(without_times(document)).replace(str(path), "")
    text = re.sub(r"0x[0-9a-f]+", "some address", text)
    return json.loads(re.sub(r"AI[CV] \d+", "some core", text))


def test_numbers_that_json_lacks_and_params_of_any_type(pytester: pytest.Pytester) -> None:
    directory = GoldenDir.create(pytester.path / "doubler")
    directory.extend_golden(
        """
        PARAMS_LIST = [{"name": "odd", "dtype": np.float32, "scale": float("inf"),
                        "n": np.int64(3), "dims": (1, 2), "nested": {"a": [None, True]}}]
        """
    )
    directory.kernel_body("for (int64_t i = 0; i < args[2]; ++i) y[i] = 0.0f / 0.0f;")
    (case,) = report_of(pytester)["cases"]
    assert case["params"] == {
        "name": "odd",
        "dtype": "float32",
        "scale": "inf",
        "n": 3,
        "dims": [1, 2],
        "nested": {"a": [None, True]},
    }
    assert case["tensors"][0]["max_abs_error"] == "inf"


def test_compiler_error_is_located(pytester: pytest.Pytester) -> None:
    directory = GoldenDir.create(pytester.path / "doubler")
    directory.kernel("int f() {\n  return missing;\n}\n")
    (case,) = report_of(pytester)["cases"]
    failure = case["failure"]
    assert (failure["kind"], failure["line"]) == ("build-error", 2)
    assert failure["source"] == "doubler/kernels/double.cpp"


def test_golden_that_cannot_be_read(pytester: pytest.Pytester) -> None:
    GoldenDir.create(pytester.path / "doubler").golden("PARAMS_LIST = 3")
    document = report_of(pytester)
    assert document["cases"] == []
    (error,) = document["collection_errors"]
    assert error["nodeid"] == "doubler/golden.py"
    assert "generate_inputs is missing" in error["message"]


def test_skipped_case(pytester: pytest.Pytester) -> None:
    directory = GoldenDir.create(pytester.path / "doubler")
    directory.extend_golden("import pytest\npytestmark = pytest.mark.skip(reason='later')")
    (case,) = report_of(pytester)["cases"]
    assert (case["outcome"], case["failure"], case["tensors"]) == ("skipped", None, [])


def test_params_are_the_same_in_every_process(pytester: pytest.Pytester) -> None:
    """Objects without a text of their own are their type, sets are sorted."""
    GoldenDir.create(pytester.path / "objects").extend_golden(
        """
        class Shape:
            pass

        def scale(x):
            return x

        PARAMS_LIST = [{
            "shape": Shape(), "nested": [{"of": Shape(), Shape(): 1}], "set": {"b", "a", "c"},
            "scale": scale, "call": Shape().__init__,
        }]
        """
    )
    (first,) = report_of(pytester)["cases"]
    assert first["params"] == {
        "shape": "Shape",
        "nested": [{"of": "Shape", "Shape": 1}],
        "set": "{'a', 'b', 'c'}",
        "scale": "scale",
        "call": "__init__",
    }
    (second,) = report_of(pytester)["cases"]
    assert without_times(second) == without_times(first)
