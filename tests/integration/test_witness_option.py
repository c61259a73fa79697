"""``--sim-witness``: what reports and the command line say of the two orders of a race."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

import pytest_a2a3sim
from pytest_a2a3sim.cli.command import main
from pytest_a2a3sim.model.record import (
    WitnessDifferenceRecord,
    WitnessRecord,
    WitnessRunRecord,
)
from tests.integration.witnesses import NEXT, RAW, WAW, racing

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir

SCHEMA = Path(pytest_a2a3sim.__file__).parent / "reporting" / "report.schema.json"


def test_without_isolation_the_runs_are_isolated(
    pytester: pytest.Pytester, doubler: GoldenDir
) -> None:
    racing(doubler, RAW, "2 * x + 1")
    crash = "if (x[1] != 2) { __builtin_trap(); }\n    for"
    doubler.kernel(NEXT.replace("for", crash), "next.cpp")
    result = pytester.runpytest_subprocess(
        "--sim-sanitize=racecheck", "--sim-witness", "--sim-isolation=none"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*task 1 before task 0: kernel-fault: *"])


def documented(part: str) -> dict[str, Any]:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    return {"$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}


def test_option_and_json(
    pytester: pytest.Pytester, doubler: GoldenDir, plugin_args: tuple[str, ...]
) -> None:
    racing(doubler, RAW, "2 * x + 1")
    result = pytester.runpytest_subprocess(
        *("--sim-sanitize=racecheck", "--sim-witness", "--sim-json=report.json", *plugin_args)
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  witness: the outputs depend on the order of the two"])
    (case,) = json.loads((pytester.path / "report.json").read_text())["cases"]
    (finding,) = case["sanitizer"]["findings"]
    jsonschema.validate(finding["witness"], documented("witness"))
    assert finding["witness"] == {
        "shows": True,
        "repeated": True,
        "runs": [
            {"schedule": "before:0,1", "mismatched": [], "failure": None, "message": None},
            {"schedule": "before:1,0", "mismatched": ["out_y"], "failure": None, "message": None},
        ],
        "differences": [
            {
                "tensor": "out_y",
                "count": 7,
                "size": 8,
                "first": [1],
                "values": ["3.0", "2.0"],
                "largest": 7.0,
            }
        ],
    }


@pytest.mark.parametrize(
    ("described", "record"),
    [
        ("witness", WitnessRecord),
        ("witness_run", WitnessRunRecord),
        ("witness_difference", WitnessDifferenceRecord),
    ],
)
def test_records_have_the_fields_of_the_schema(described: str, record: Any) -> None:
    required = documented(described)["$defs"][described]["required"]
    assert set(required) == set(record.__annotations__)


def test_a_difference_without_a_number(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    """WAW of a NaN and a number; the document has no infinity."""
    racing(doubler, WAW, "x + 1")
    doubler.kernel_body('for (int64_t i = 0; i < args[2]; ++i) y[i] = __builtin_nanf("");')
    pytester.runpytest("--sim-sanitize=all", "--sim-witness", "--sim-json=report.json")
    (case,) = json.loads((pytester.path / "report.json").read_text())["cases"]
    (finding,) = case["sanitizer"]["findings"]
    jsonschema.validate(finding["witness"], documented("witness"))
    (difference,) = finding["witness"]["differences"]
    assert (difference["largest"], difference["values"]) == ("inf", ["1.0", "nan"])


def test_ini(pytester: pytest.Pytester, doubler: GoldenDir) -> None:
    racing(doubler, RAW, "2 * x + 1")
    told = "  witness: the outputs depend on the order of the two"
    pytester.makeini("[pytest]\nsim_sanitize = racecheck\nsim_witness = true\n")
    pytester.runpytest().stdout.fnmatch_lines([told])
    pytester.makeini("[pytest]\nsim_sanitize = racecheck\nsim_witness = false\n")
    pytester.runpytest().stdout.no_fnmatch_line(told)
    pytester.runpytest("--sim-witness").stdout.fnmatch_lines([told])


def test_command_line(golden_dir: GoldenDir, capfd: pytest.CaptureFixture[str]) -> None:
    racing(golden_dir, RAW, "2 * x + 1")
    directory = ("-k", str(golden_dir.path / "kernels"), "-g", str(golden_dir.golden_py))
    assert main(["run", *directory, "--sanitize=racecheck", "--witness"]) == 1
    assert "witness: the outputs depend on the order of the two" in capfd.readouterr().out
    assert main(["run", *directory, "--sanitize=racecheck"]) == 1
    assert "witness" not in capfd.readouterr().out
