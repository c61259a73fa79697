"""Inside kernels on PTO ISA: what the pipes and memories of a core are misused for is found."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from pprint import pformat
from typing import TYPE_CHECKING, Any

import pytest

from tests.sanitizer.core_kernel_findings import BROKEN, Found
from tests.sanitizer.core_kernels import (
    Case,
    create,
    mutants,
    mutated_source,
    sources,
    versions,
)
from tests.sanitizer.reports import sanitize, simulate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.sanitizer.core_kernels import Kernel, Mutant, Version
    from tests.sanitizer.reports import SanitizedCase

_EVENTS_OF_A_WAIT = {"NEVER_WAITED", "SET_TWICE"}
# Where test_kernels runs the same kernels as they are compiled by default.
QUICK = "-osim_cxxflags=-O1"

VERSIONS = {version.name: version for version in versions()}


@functools.cache
def has_half_floats(compiler: str) -> bool:
    """Whether it is installed, and has what PTO ISA needs: clang++ of x86-64 has it from 15 on."""
    if shutil.which(compiler) is None:
        return False
    command = [compiler, "-fsyntax-only", "-x", "c++", "-"]
    done = subprocess.run(command, input="_Float16 x;", text=True, capture_output=True, check=False)
    return done.returncode == 0


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Version:
    """Of PTO ISA, which the environment names with a compiler."""
    found = VERSIONS[request.param]
    monkeypatch.setenv("PTO_ISA_ROOT", str(found.root))
    if found.compilers:
        compiler = next(filter(has_half_floats, found.compilers), None)
        if compiler is None:
            pytest.skip(f"no {' or '.join(found.compilers)} with _Float16 is installed")
        monkeypatch.setenv("CXX", compiler)
    return found


def all_cases(of: Version) -> list[Case]:
    first = [Case(kernel) for kernel in of.kernels()]
    return first + [Case(case.kernel, 1) for case in first if f"{case.kernel.name}-1" in BROKEN]


def test_table_is_about_the_kernels() -> None:
    cases = all_cases(VERSIONS["placed-gcc"])
    assert len(cases) == len({case.name for case in cases})
    assert {case.name for case in cases if not case.kernel.is_right} == BROKEN.keys()
    assert sum(case.kernel.is_right for case in cases) >= 12


def test_kernels(version: Version, pytester: pytest.Pytester) -> None:
    cases = all_cases(version)
    create(pytester.path / "kernels", cases, sources(case.kernel for case in cases))
    reported = sanitize(pytester)
    assert reported.keys() == {case.name for case in cases}
    wrong = {
        case.name: texts
        for case in cases
        if (texts := list(differences(case, reported[case.name])))
    }
    assert not wrong, pformat(wrong, width=200)


def test_without_sanitizer(version: Version, pytester: pytest.Pytester) -> None:
    """Simulations cannot tell most of it: flags do nothing, and all results are right."""
    cases = all_cases(version)
    create(pytester.path / "kernels", cases, sources(case.kernel for case in cases))
    reported = simulate(pytester, QUICK)
    wrong = {}
    for case in cases:
        record = reported[case.name].record
        if "placed" in version.features and is_beyond_a_memory(case):
            where = f"{case.kernel.file}:{case.kernel.marks['first']}"
            is_right = record["failure"] and where in record["failure"]["message"]
        else:
            is_right = record["outcome"] == "passed"
        if not is_right:
            wrong[case.name] = record["failure"]
    assert not wrong, pformat(wrong, width=200)


def is_beyond_a_memory(case: Case) -> bool:
    return any(found.kind == "OUT_OF_BOUNDS" for found in BROKEN.get(case.name, ()))


def differences(case: Case, reported: SanitizedCase) -> Iterator[str]:
    """In what a case's report is not what the table says."""
    expected = Counter(BROKEN.get(case.name, ()))
    failure = "sanitizer" if expected else None
    if reported.failure != failure:
        yield f"failure is {reported.record['failure']}, expected {failure}"
    found = Counter(as_found(finding, case.kernel) for finding in causes(reported))
    for each in sorted((expected - found).elements()):
        yield f"missing: {each}"
    for each in sorted((found - expected).elements()):
        yield f"unexpected: {each}"


def causes(reported: SanitizedCase) -> list[dict[str, Any]]:
    """Its findings; none where the kernel has crashed."""
    if reported.record["sanitizer"] is None:
        return []
    return [finding for finding in reported.findings() if not finding["consequence"]]


def as_found(finding: Mapping[str, Any], kernel: Kernel) -> Found:
    return Found(
        finding["check"],
        finding["kind"],
        finding["space"] or "",
        tuple(finding["instructions"]),
        tuple(finding["pipes"]),
        tuple(marks_of(finding["sources"], kernel)),
    )


def marks_of(sources: list[dict[str, Any] | None], kernel: Kernel) -> Iterator[str]:
    """Of each line one, though it may have several: the first that was not there yet."""
    left = dict(kernel.marks)
    for source in sources:
        if source is None:
            yield "nowhere"
            continue
        is_here = Path(source["file"]).name == kernel.file
        mark = next((mark for mark, line in left.items() if is_here and line == source["line"]), "")
        left.pop(mark, None)
        yield mark or f"{source['file']}:{source['line']}"


def test_each_removed_line_is_found(version: Version, pytester: pytest.Pytester) -> None:
    removed = [
        mutant for kernel in version.kernels() if kernel.is_right for mutant in mutants(kernel)
    ]
    by_file = {
        file: [mutant for mutant in removed if mutant.kernel.file == file]
        for file in {mutant.kernel.file: None for mutant in removed}
    }
    files = {file: mutated_source(of_file) for file, of_file in by_file.items()}
    create(pytester.path / "kernels", [Case(mutant.kernel) for mutant in removed], files)
    reported = sanitize(pytester, QUICK)
    assert len(reported) == len(removed)
    wrong = {
        mutant.kernel.name: texts
        for mutant in removed
        if (texts := list(shortcomings(mutant, reported[mutant.kernel.name])))
    }
    assert not wrong, pformat(wrong, width=200)


def shortcomings(mutant: Mutant, reported: SanitizedCase) -> Iterator[str]:
    """What is not said about a line that is missing."""
    kinds = {finding["kind"] for finding in reported.findings("synccheck")}
    races = reported.findings("racecheck")
    if mutant.call == "set_flag":
        if kinds != {"NEVER_SET"} or races:
            yield f"expected a wait that nobody sets, got {reported.findings()}"
        return
    if mutant.orders and not races:
        yield f"expected a race, got {reported.findings()}"
    if mutant.call == "wait_flag" and not kinds & _EVENTS_OF_A_WAIT:
        yield f"expected a flag that nobody waits for, got {reported.findings()}"
