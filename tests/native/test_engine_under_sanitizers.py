"""The C++ engine under AddressSanitizer, UBSan and ThreadSanitizer."""

from __future__ import annotations

import os
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sharing import MadeOnce

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "pytest_a2a3sim"
COMPILER = shlex.split(os.environ.get("CXX", "g++"))
WARNINGS = ("-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Wsign-conversion", "-Werror")
INCLUDES = (f"-I{PACKAGE / 'native'}", f"-I{PACKAGE / 'include'}")
OF_A_CASE = (*INCLUDES, f"-I{PACKAGE / 'include' / 'host_build_graph'}")
PROGRAMS = {
    "engine_test": (
        "engine_test.cpp",
        "execution_test.cpp",
        "gang_test.cpp",
        "structures_test.cpp",
    ),
    "api_test": ("api_test.cpp", "limited_memory.cpp"),
    "arrays_test": ("arrays_test.cpp", "limited_memory.cpp"),
    "fuzz_test": ("fuzz_test.cpp",),
}
# Precompiled, they halve the time of a build. Whether each file includes what it needs is for the
# build of the engine to tell.
COMMON_HEADERS = (
    *("algorithm", "atomic", "condition_variable", "functional", "map", "memory", "mutex"),
    *("optional", "queue", "stdexcept", "string", "thread", "unordered_map", "vector"),
)
ROUNDS = 60
SEEDS = 375  # of which each fifth claims that tables are long


def compile_with(*arguments: str | Path) -> None:
    command = [*COMPILER, "-std=c++17", "-g1", *WARNINGS, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


@pytest.fixture(scope="module", params=["address,undefined", "thread"])
def programs(request: pytest.FixtureRequest, made_once: MadeOnce) -> Path:
    """A folder with the test programs, all of the engine in each, built with one sanitizer."""
    sanitizer = (f"-fsanitize={request.param}", "-fno-sanitize-recover=all")
    return made_once(f"native-{request.param}", lambda folder: build(folder, *sanitizer))


def build(folder: Path, *sanitizer: str) -> None:
    options = ("-Og", *sanitizer, *INCLUDES)
    common = folder / "common.h"
    common.write_text("".join(f"#include <{header}>\n" for header in COMMON_HEADERS))
    compile_with(*options, "-x", "c++-header", common, "-o", f"{common}.gch")

    def compiled(source: Path) -> Path:
        target = folder / f"{source.parent.name}-{source.stem}.o"
        compile_with(*options, "-include", common, "-c", source, "-o", target)
        return target

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        engine = list(pool.map(compiled, sorted((PACKAGE / "native").rglob("*.cpp"))))
        names = sorted({source for sources in PROGRAMS.values() for source in sources})
        tests = dict(zip(names, pool.map(compiled, [HERE / name for name in names]), strict=True))
        for program, sources in PROGRAMS.items():
            parts = [tests[source] for source in sources]
            compile_with(*sanitizer, *engine, *parts, "-o", folder / program, "-pthread", "-ldl")


@pytest.mark.parametrize("threads", [1, 2, 4, 16])
def test_random_graphs(programs: Path, threads: int) -> None:
    done = run(programs / "engine_test", str(threads), str(ROUNDS))
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{ROUNDS} graphs, {ROUNDS} cycles\n"
    assert not done.stderr


def test_c_interface_without_memory(programs: Path, tmp_path: Path) -> None:
    objects = (tmp_path / "orchestration.so", tmp_path / "kernel.so")
    for target in objects:
        compile_with(*OF_A_CASE, "-shared", "-fPIC", HERE / "api_case.cpp", "-o", target)
    done = run(programs / "api_test", *objects)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "every call survives\n"
    assert not done.stderr


def test_arrays_that_windows_share(programs: Path) -> None:
    done = run(programs / "arrays_test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "every array is its own\n"
    assert not done.stderr


def test_cases_that_write_over_shared_memory(
    programs: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if "thread" in request.node.callspec.id:
        pytest.skip("the parent has one thread")
    case = tmp_path / "fuzz_case.so"
    compile_with(*OF_A_CASE, "-O1", "-shared", "-fPIC", HERE / "fuzz_case.cpp", "-o", case)
    done = run(programs / "fuzz_test", case, "0", str(SEEDS))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "every case is one result\n"
