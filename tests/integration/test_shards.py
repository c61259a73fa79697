"""pytest-split shares out cases among machines; the reports of its groups make one."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.cli import main
from tests.golden_dirs import GoldenDir

if TYPE_CHECKING:
    from pathlib import Path

GOLDENS, CASES, SHARDS = 4, 3, 3


def test_groups_of_pytest_split(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each case runs once, and all but two golden directories are compiled on one shard."""
    pytest.importorskip("pytest_split")
    for number in range(GOLDENS):
        golden = GoldenDir.create(pytester.path / f"k{number}")
        golden.extend_golden(f"PARAMS_LIST = [{{'n': n}} for n in range({CASES})]")
    shards_of = defaultdict[str, set[int]](set)
    for shard in range(SHARDS):
        monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path / f"cache-{shard}"))
        report = f"shard-{shard}.json"
        groups = (f"--splits={SHARDS}", f"--group={shard + 1}")
        assert pytester.runpytest_subprocess(*groups, f"--sim-json={report}").ret == 0
        cases = json.loads((pytester.path / report).read_text())["cases"]
        for case in cases:
            shards_of[case["golden"]].add(shard)
        directories = len({case["golden"] for case in cases})
        assert sum(case["compiled"] for case in cases) <= 2 * directories
    assert sum(len(shards) > 1 for shards in shards_of.values()) <= SHARDS - 1
    parts = [f"shard-{shard}.json" for shard in range(SHARDS)]
    assert main(["report", "merge", *parts, "-o", "all.json"]) == 0
    merged = json.loads((pytester.path / "all.json").read_text())
    assert [case["nodeid"] for case in merged["cases"]] == [
        f"k{number}/golden.py::n={n}" for number in range(GOLDENS) for n in range(CASES)
    ]
