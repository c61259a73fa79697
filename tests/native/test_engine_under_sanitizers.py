"""The C++ engine on random graphs, under AddressSanitizer, UBSan and ThreadSanitizer."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PACKAGE = HERE.parents[1] / "pytest_a2a3sim"
WARNINGS = ("-Wall", "-Wextra", "-Werror")
ROUNDS = 60


@pytest.fixture(scope="module", params=["address,undefined", "thread"])
def engine_test(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The test program with all of the engine in it, built with one sanitizer."""
    program = tmp_path_factory.mktemp("native") / "engine_test"
    sources = sorted((PACKAGE / "native").rglob("*.cpp"))
    command = [
        *shlex.split(os.environ.get("CXX", "g++")),
        *("-std=c++17", "-O1", "-g", *WARNINGS),
        *(f"-fsanitize={request.param}", "-fno-sanitize-recover=all"),
        *(f"-I{PACKAGE / 'native'}", f"-I{PACKAGE / 'include'}"),
        *map(str, [*sources, HERE / "engine_test.cpp"]),
        *("-o", str(program), "-pthread", "-ldl"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return program


@pytest.mark.parametrize("threads", [1, 2, 4, 16])
def test_random_graphs(engine_test: Path, threads: int) -> None:
    done = subprocess.run(
        [engine_test, str(threads), str(ROUNDS)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{ROUNDS} graphs, {ROUNDS} cycles\n"
    assert not done.stderr
