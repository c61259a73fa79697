"""Sources that begin with the same heavy include share a precompiled header."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import run_case
from pytest_a2a3sim.building import precompiled
from tests.golden_dirs import KERNEL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compilers import CountingCompiler
    from tests.golden_dirs import GoldenDir

HEAVY = "#pragma once\n#include <vector>\n"


@pytest.fixture
def heavy(golden_dir: GoldenDir, monkeypatch: pytest.MonkeyPatch) -> GoldenDir:
    """Two kernels with one header, where two are enough and it is heavy enough."""
    monkeypatch.setattr(precompiled, "usable_cpus", lambda: 1)
    monkeypatch.setattr(precompiled, "UNITS_PER_CPU", 2)
    monkeypatch.setattr(precompiled, "HEAVY_BYTES", 50_000)
    golden_dir.kernel_config(
        """
        KERNELS = [
            {"func_id": 0, "source": "a.cpp", "core_type": "aiv"},
            {"func_id": 1, "source": "b.cpp", "core_type": "aiv"},
        ]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )
    golden_dir.kernel(HEAVY, "heavy.h")
    for name in ("a.cpp", "b.cpp"):
        golden_dir.kernel(f'// {name}\n#include "heavy.h"\n{KERNEL}', name)
    return golden_dir


def precompilations(compiler: CountingCompiler) -> int:
    return sum("c++-header" in run for run in compiler.runs())


def compiled_with_header(compiler: CountingCompiler) -> int:
    return sum(run.startswith("-include") and " -E " not in run for run in compiler.runs())


def objects(cache: Path) -> set[str]:
    return {path.name for path in cache.rglob("objects/*/*.so")}


def test_objects_are_the_same_as_without(
    heavy: GoldenDir, compiler: CountingCompiler, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_case(heavy.path).passed
    assert precompilations(compiler) == 1
    assert compiled_with_header(compiler) == 2
    with_header = objects(own_cache)
    assert len(with_header) == 3
    other = own_cache.with_name("other-cache")
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(other))
    monkeypatch.setattr(precompiled, "UNITS_PER_CPU", 3)
    compiler.forget()
    assert run_case(heavy.path).passed
    assert precompilations(compiler) == 0
    assert objects(other) == with_header


@pytest.mark.usefixtures("own_cache")
def test_header_is_kept_for_sources_that_are_edited(
    heavy: GoldenDir, compiler: CountingCompiler
) -> None:
    run_case(heavy.path)
    compiler.forget()
    heavy.kernel((heavy.path / "kernels" / "a.cpp").read_text() + "// edited\n", "a.cpp")
    assert run_case(heavy.path).passed
    assert compiler.compiled() == ["a.cpp"]
    assert precompilations(compiler) == 0
    assert compiled_with_header(compiler) == 1


@pytest.mark.usefixtures("own_cache")
def test_edited_header_is_precompiled_again(heavy: GoldenDir, compiler: CountingCompiler) -> None:
    run_case(heavy.path)
    compiler.forget()
    heavy.kernel(HEAVY + "#define y z\n", "heavy.h")
    assert run_case(heavy.path).passed
    assert compiler.compiled() == ["a.cpp", "b.cpp"]
    assert precompilations(compiler) >= 1


def test_damaged_header_is_not_used(
    heavy: GoldenDir, compiler: CountingCompiler, own_cache: Path
) -> None:
    run_case(heavy.path)
    (stored,) = own_cache.rglob("*.gch")
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.write_bytes(data)
    compiler.forget()
    heavy.kernel((heavy.path / "kernels" / "a.cpp").read_text() + "// edited\n", "a.cpp")
    assert run_case(heavy.path).passed
    assert compiled_with_header(compiler) == 0
    assert not stored.exists()


@pytest.mark.usefixtures("own_cache")
@pytest.mark.parametrize(
    "line",
    [
        pytest.param("static int seen_again();", id="text"),
        pytest.param("#ifndef TWICE\n#define TWICE 0\n#else\n#define MORE 1\n#endif", id="macro"),
    ],
)
def test_header_that_adds_something_each_time_is_not_precompiled(
    heavy: GoldenDir, compiler: CountingCompiler, line: str
) -> None:
    heavy.kernel(f"{HEAVY.replace('#pragma once', '')}{line}\n", "heavy.h")
    assert run_case(heavy.path).passed
    assert compiled_with_header(compiler) == 0


@pytest.mark.usefixtures("own_cache")
def test_light_header_is_not_precompiled(heavy: GoldenDir, compiler: CountingCompiler) -> None:
    heavy.kernel("#pragma once\n#include <cstdint>\n", "heavy.h")
    assert run_case(heavy.path).passed
    assert precompilations(compiler) == 0
