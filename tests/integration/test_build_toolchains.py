"""Compilers that users name in CXX."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import BuildError, Settings, run_case

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compilers import CountingCompiler
    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")


def need(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def versioned(program: str) -> str:
    """The name of a compiler with its version in it, such as g++-12."""
    version = subprocess.run(
        [need(program), "-dumpversion"], capture_output=True, text=True, check=True
    ).stdout
    return need(f"{program}-{version.split('.')[0].strip()}")


@pytest.mark.parametrize("program", ["g++", "clang++"])
def test_compiler(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    monkeypatch.setenv("CXX", need(program))
    assert run_case(golden_dir.path).compiled == 2
    assert run_case(golden_dir.path).cache_hits == 2


@pytest.mark.parametrize("program", ["g++", "clang++"])
def test_header_shadowing_is_noticed_with(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv("CXX", need(program))
    golden_dir.kernel_config(
        """
        KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv",
                    "include_dirs": ["a", "b"]}]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    kernel = (golden_dir.path / "kernels" / "double.cpp").read_text()
    golden_dir.kernel("#include <factor.h>\n" + kernel.replace("2 *", "FACTOR *"))
    golden_dir.kernel("#define FACTOR 2\n", "b/factor.h")
    assert run_case(golden_dir.path).passed
    golden_dir.kernel("#define FACTOR 3\n", "a/factor.h")
    assert not run_case(golden_dir.path).passed


def test_versioned_compiler(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", versioned("g++"))
    assert run_case(golden_dir.path).passed


def test_compiler_with_flags(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "g++ -DWORD=1")
    golden_dir.kernel_body(
        "static_assert(WORD == 1);\nfor (int64_t i = 0; i < args[2]; ++i) y[i] = 2 * x[i];"
    )
    assert run_case(golden_dir.path).passed


@pytest.mark.parametrize("command", ["no-such-compiler", "ccache no-such-compiler"])
def test_missing_compiler(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    if " " in command:
        need("ccache")
    monkeypatch.setenv("CXX", command)
    with pytest.raises(BuildError, match="no C\\+\\+ compiler: 'no-such-compiler' is not on PATH"):
        run_case(golden_dir.path)


@pytest.mark.parametrize("program", ["g++", "clang++"])
def test_very_long_command_line(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv("CXX", need(program))
    golden_dir.kernel_config(
        """
        DEFINES = {f"M{i}": "x" * 200 for i in range(800)}
        DEFINES |= {"FACTOR": '"2 \\\\ 3"', "LONG": "q" * 200_000}
        KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv", "defines": DEFINES,
                    "include_dirs": [f"d{i}" for i in range(2000)] + ["a b"]}]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    golden_dir.kernel("#define NUMBER (FACTOR[0] - '0')\n", "a b/factor.h")
    kernel = (golden_dir.path / "kernels" / "double.cpp").read_text()
    golden_dir.kernel("#include <factor.h>\n" + kernel.replace("2 *", "NUMBER *"))
    assert run_case(golden_dir.path).passed
    assert run_case(golden_dir.path).cache_hits == 2
    golden_dir.kernel("#define NUMBER 3\n", "a b/factor.h")
    assert not run_case(golden_dir.path).passed


@pytest.mark.parametrize("flag", ["-c", "-S", "-E", "-M"])
def test_flag_that_has_something_else_made(golden_dir: GoldenDir, flag: str) -> None:
    settings = Settings(cxxflags=(flag,))
    for _ in range(2):  # nothing is kept
        with pytest.raises(BuildError) as got:
            run_case(golden_dir.path, settings=settings)
        assert f" {flag} " in str(got.value).partition("command: ")[2]


@pytest.mark.parametrize("program", ["echo", "true"])
def test_compiler_that_makes_nothing(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setenv("CXX", program)
    path = re.escape(need(program))
    with pytest.raises(
        BuildError, match=rf"^the C\+\+ compiler '{path}' makes no \.so file"
    ) as got:
        run_case(golden_dir.path)
    assert "CXX" in str(got.value).splitlines()[1]


@pytest.mark.parametrize("program", ["g++", "clang++"])
def test_path_that_the_locale_cannot_spell(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    """LC_ALL=POSIX with a path that is not ASCII."""
    monkeypatch.setenv("CXX", need(program))
    directory = golden_dir.path.rename(golden_dir.path.parent / "größe")
    environment = {**os.environ, "LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(directory)]

    def run() -> str:
        ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
        return ended.stdout.decode(errors="replace")

    assert "1 passed" in run()
    (directory / "kernels" / "double.cpp").write_text("int undeclared = other;\n")
    assert "1 failed" in (printed := run())
    assert "does not compile" in printed


def test_two_compilers_do_not_share_objects(
    golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch, compiler: CountingCompiler
) -> None:
    run_case(golden_dir.path)
    monkeypatch.setenv("CXX", "g++")
    assert run_case(golden_dir.path).compiled == 2
    monkeypatch.setenv("CXX", str(compiler.executable))
    assert run_case(golden_dir.path).cache_hits == 2


class Machine:
    """A directory for all that a machine has of its own; the remote storage is elsewhere."""

    def __init__(self, directory: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.directory = directory
        self._remote = remote
        self._monkeypatch = monkeypatch

    def enter(self) -> None:
        self._monkeypatch.setenv("CXX", "ccache g++")
        self._monkeypatch.setenv("CCACHE_DIR", str(self.directory / "ccache"))
        self._monkeypatch.setenv("CCACHE_SECONDARY_STORAGE", f"file:{self._remote}")
        self._monkeypatch.setenv("CCACHE_REMOTE_STORAGE", f"file:{self._remote}")
        self._monkeypatch.setenv("CCACHE_BASEDIR", str(self.directory))
        self._monkeypatch.setenv("CCACHE_NOHASHDIR", "1")
        self._monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(self.directory / "cache"))

    def ccache_hits(self) -> int:
        printed = subprocess.run(
            ["ccache", "--print-stats"], capture_output=True, text=True, check=True
        ).stdout
        counts = re.findall(r"^(?:direct|preprocessed)_cache_hit\t(\d+)$", printed, re.MULTILINE)
        return sum(map(int, counts))


def test_objects_travel_between_machines_through_ccache(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("ccache")
    remote = tmp_path / "remote"
    hits = []
    for name in ("one", "two"):
        machine = Machine(tmp_path / name, remote, monkeypatch)
        checkout = machine.directory / "checkout"
        shutil.copytree(golden_dir.path, checkout)
        machine.enter()
        result = run_case(checkout)
        assert result.passed
        assert result.compiled == 2
        hits.append(machine.ccache_hits())
    assert hits == [0, 2]
