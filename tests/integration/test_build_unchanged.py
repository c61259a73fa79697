"""Cases of one session, between which files change in ways that a look at stamps could miss."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import Settings, Simulator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.golden_dirs import GoldenDir

pytestmark = pytest.mark.usefixtures("own_cache")

_KERNEL = """
#include <cstdint>
#include "factor.h"
#if __has_include("more.h")
#include "more.h"
#else
#define MORE 0
#endif

extern "C" void kernel_entry(int64_t* args) {
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = (FACTOR + MORE) * x[i];
}
"""
_CONFIG = """
KERNELS = [{"func_id": 0, "source": "double.cpp", "core_type": "aiv",
            "include_dirs": ["first", "second"]}]
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
RUNTIME_CONFIG = {"block_dim": 2}
"""
_REPEATS = 6  # until what was written last is old enough to be told from what is written next


def _same_size_and_time(kernels: Path) -> None:
    header = kernels / "second" / "factor.h"
    before = header.stat()
    header.write_text("#define FACTOR 3\n")
    os.utime(header, ns=(before.st_atime_ns, before.st_mtime_ns))


def _renamed_into_place(kernels: Path) -> None:
    new = kernels / "new.h"
    new.write_text("#define FACTOR 3\n")
    new.replace(kernels / "second" / "factor.h")


def _shadowing(kernels: Path) -> None:
    (kernels / "first").mkdir()
    (kernels / "first" / "factor.h").write_text("#define FACTOR 3\n")


def _link_gets_a_file(kernels: Path) -> None:
    (kernels.parent / "target.h").write_text("#define MORE 1\n")


def _link_leads_elsewhere(kernels: Path) -> None:
    (kernels / "other").mkdir()
    (kernels / "other" / "factor.h").write_text("#define FACTOR 3\n")
    (kernels / "second").rename(kernels / "before")
    (kernels / "second").symlink_to("other")


def _source(kernels: Path) -> None:
    source = kernels / "double.cpp"
    source.write_text(_KERNEL.replace("MORE 0", "MORE 1"))


@pytest.mark.parametrize(
    "change",
    [
        _same_size_and_time,
        _renamed_into_place,
        _shadowing,
        _link_gets_a_file,
        _link_leads_elsewhere,
        _source,
    ],
)
def test_what_changes_between_cases_is_compiled(
    golden_dir: GoldenDir, change: Callable[[Path], None]
) -> None:
    kernels = golden_dir.path / "kernels"
    golden_dir.kernel(_KERNEL)
    golden_dir.kernel_config(_CONFIG)
    (kernels / "second").mkdir()
    (kernels / "second" / "factor.h").write_text("#define FACTOR 2\n")
    (kernels / "more.h").symlink_to("../target.h")
    with contextlib.closing(Simulator(Settings())) as simulator:
        compiled = [simulator.run_case(golden_dir.path).compiled for _ in range(_REPEATS)]
        assert compiled == [2, *[0] * (_REPEATS - 1)]
        change(kernels)
        changed = simulator.run_case(golden_dir.path)
    assert changed.compiled == 1
    assert not changed.passed
    (actual,), (expected,) = changed.actual.values(), changed.expected.values()
    assert (actual * 2 == expected * 3).all()


def test_object_that_is_gone_is_fetched_again(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    with contextlib.closing(Simulator(Settings())) as simulator:
        for _ in range(_REPEATS):
            simulator.run_case(golden_dir.path).check()
        objects = [*tmp_path.glob("a2a3sim-*/*.so")]
        assert objects
        for path in objects:
            path.unlink()
        simulator.run_case(golden_dir.path).check()


def _compiler(path: Path, note: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\n# {note}\nexec {shutil.which("g++")} "$@"\n')
    path.chmod(0o755)


@pytest.mark.parametrize("place", ["first", "second"])
def test_compiler_that_changes_between_cases(
    golden_dir: GoldenDir, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """It is another one, or one that comes before it on PATH."""
    (tmp_path / "first").mkdir()
    _compiler(tmp_path / "second" / "mycc", "the first")
    path = f"{tmp_path / 'first'}{os.pathsep}{tmp_path / 'second'}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("CXX", "mycc")
    with contextlib.closing(Simulator(Settings())) as simulator:
        compiled = [simulator.run_case(golden_dir.path).compiled for _ in range(_REPEATS)]
        assert compiled == [2, *[0] * (_REPEATS - 1)]
        _compiler(tmp_path / place / "mycc", "another one")
        assert simulator.run_case(golden_dir.path).compiled == 2
