"""Directories that once passed without a right to, took pytest down, or were blamed wrongly.

Each is as it was found; the table says what becomes of its cases.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sharing import MadeOnce

FOUND = Path(__file__).parents[1] / "found"

PASS = {
    *("bld_embed_data", "bld_many_flags", "col_mutated_params", "col_same_basename"),
    *("fd-write-all", "gold_skip_compare_extent", "ker_dav_vec_macro"),
    *("ker_fast_math_flushes_others", "ker_rounding_mode_leaks", "ker_same_name_function_static"),
    *("ker_same_name_inline_variable", "printer"),
}
# By directory: what fails, how many cases do, and what the report says. Where outputs depend on the
# order of tasks, the first run may be wrong already.
FAIL = {
    "cmp_bool_nonzero_byte": ("mismatch", 1, "not a bool"),
    "cs-missing-edges": ("", 3, "order of tasks"),
    "cs-sums-int64": ("kernel-fault", 4, "wrote just past the end"),
    "ctl-claimed-reported": ("kernel-fault", 1, "wrote to a null pointer, or close to one"),
    "ctl-done-exit": ("kernel-fault", 1, "wrote to a null pointer, or close to one"),
    "ctl-worker-count-sleep": ("kernel-fault", 1, "wrote to a null pointer, or close to one"),
    "fp-host-heap-pointer": ("graph-error", 1, "is the address"),
    "fp-int-minus1-unwritten": ("unwritten-output", 1, "never written"),
    "fp-orch-writes-device": ("orchestration-error", 1, "wrote to device buffer #0"),
    "fp-pair-twice": ("unwritten-output", 1, "never copied back"),
    "g18": ("orchestration-error", 4, "the addresses are swapped"),
    "g19": ("unwritten-output", 4, "depend on device memory that nobody wrote"),
    "g3": ("mismatch", 4, "int64"),
    "gemm-forgot-copy": ("unwritten-output", 4, "depend on device memory that nobody wrote"),
    "gemm-missing-acc-edge": ("", 3, "order of tasks"),
    "gemm-numargs": ("kernel-fault", 4, "which was not passed"),
    "gemm-shared-acc": ("", 3, "order of tasks"),
    "gemm-uninit-acc": ("unwritten-output", 4, "depend on device memory that nobody wrote"),
    "ker_blocks_signals_then_crashes": ("kernel-fault", 1, "wrote to a null pointer"),
    "objects-count": ("kernel-fault", 1, "wrote to a null pointer, or close to one"),
    "rms-missing-edge": ("", 3, "order of tasks"),
    "rms-scale": ("mismatch", 3, "constant factor"),
    "static-overrun-malloc": ("kernel-fault", 1, ""),
}
# What a session of its own prints, by directory.
ALONE = {
    "cmp_large_bytes": (["-k", "one-wrong"], "1 failed"),
    "col_all_cases_lf": (["--sim-all-cases"], "1 failed, 1 passed"),
    "col_autouse_fixture": ([], "1 passed"),
    "col_conftest_fixturenames": ([], "1 passed"),
    "col_object_params_of_sibling": (["-n2"], "4 passed"),
    "col_usefixtures": ([], "function uses no argument 'n'"),
    "plug_fork_hang": ([], "CHILD ENDED 0"),
}


def test_every_directory_is_in_a_table() -> None:
    directories = {path.name for path in FOUND.iterdir() if path.is_dir()} - {"__pycache__"}
    assert directories == PASS | FAIL.keys() | ALONE.keys() | {"ker_openmp_after_torch"}


def run(where: Path, *arguments: str) -> str:
    """What pytest prints there."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    (where / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [*command, *arguments], cwd=where, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def copied(to: Path, names: Sequence[str]) -> Path:
    for name in names:
        shutil.copytree(FOUND / name, to / name, ignore=shutil.ignore_patterns("pytest.ini"))
    return to


@pytest.fixture(scope="session")
def records(made_once: MadeOnce) -> dict[str, list[dict[str, Any]]]:
    """Those of the cases of one session, by directory."""

    def make(to: Path) -> None:
        names = [*sorted(PASS), *FAIL]
        run(copied(to, names), "-q", "--sim-json=report.json", *names)

    report = json.loads((made_once("found", make) / "report.json").read_text())
    found: dict[str, list[dict[str, Any]]] = {}
    for case in report["cases"]:
        found.setdefault(case["golden"].partition("/")[0], []).append(case)
    return found


@pytest.mark.parametrize("name", sorted(PASS))
def test_passes(records: dict[str, list[dict[str, Any]]], name: str) -> None:
    assert {case["outcome"] for case in records[name]} == {"passed"}


@pytest.mark.parametrize("name", FAIL)
def test_fails(records: dict[str, list[dict[str, Any]]], name: str) -> None:
    kind, count, words = FAIL[name]
    failed = [case["failure"] for case in records[name] if case["outcome"] == "failed"]
    assert len(failed) == count
    assert not kind or {failure["kind"] for failure in failed} == {kind}
    assert all(words in failure["message"] for failure in failed)


@pytest.mark.parametrize("name", ALONE)
def test_session_of_its_own(tmp_path: Path, name: str) -> None:
    arguments, words = ALONE[name]
    assert words in run(copied(tmp_path, [name]) / name, *arguments, ".")
