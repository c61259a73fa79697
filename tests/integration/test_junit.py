"""JUnit XML: the key facts of a case are properties of its test case."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.outcomes import ReportedRun


def properties(path: Path) -> dict[str, dict[str, str]]:
    return {
        case.attrib["name"]: {
            entry.attrib["name"]: entry.attrib["value"] for entry in case.iter("property")
        }
        for case in ET.parse(path).iter("testcase")
    }


def test_properties(reported: ReportedRun) -> None:
    found = properties(reported.junit)
    assert found["good"]["a2a3sim.out_y.matched"] == "8/8"
    assert found["good"]["a2a3sim.params.mode"] == "0"
    assert float(found["good"]["a2a3sim.seconds.execute"]) > 0
    assert "a2a3sim.failure.kind" not in found["good"]
    assert found["wrong"]["a2a3sim.failure.kind"] == "mismatch"
    assert found["wrong"]["a2a3sim.out_y.max_abs_error"] == "14.0"
    assert "only the tail is wrong" in found["wrong"]["a2a3sim.out_y.diagnosis"]
    assert found["crash"]["a2a3sim.failure.task"] == "0"
    assert found["crash"]["a2a3sim.failure.source"] == "doubler/kernels/double.cpp"
