"""What other compilers than the default one call is defined, and tells everything."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.building.builder import Builder
from pytest_a2a3sim.building.unit import units
from pytest_a2a3sim.loading.golden import load_case
from tests.sanitizer.random_graphs import Shape, random_graph
from tests.sanitizer.reports import differences, sanitize_graphs
from tests.sanitizer.task_graphs import ALL_MEANS, MEANS, SOURCES

if TYPE_CHECKING:
    from tests.golden_dirs import GoldenDir
    from tests.sanitizer.task_graphs import TaskGraph


def is_another(name: str) -> bool:
    """Whether there is such a compiler, and it is neither g++ nor clang++ itself."""
    usual = {Path(path).resolve() for each in ("g++", "clang++") if (path := shutil.which(each))}
    found = shutil.which(name)
    return found is not None and Path(found).resolve() not in usual


GRAPHS = 60
VERSIONED = (*(f"g++-{n}" for n in range(11, 17)), *(f"clang++-{n}" for n in range(14, 24)))
COMPILERS = ("g++", "clang++", *(name for name in VERSIONED if is_another(name)))
# Clang does not tell that it reads vectors of more than 16 bytes, and large structures that are
# passed by value.
_UNTOLD = ("vector-32", "misaligned-vector-32", "struct-40-by-value")
TOLD_BY_CLANG = {*ALL_MEANS} - {MEANS[name] for name in _UNTOLD}


@pytest.fixture(params=COMPILERS)
def compiler(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Named in CXX."""
    name = str(request.param)
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    monkeypatch.setenv("CXX", name)
    return name


def undefined_callbacks(path: Path) -> set[str]:
    """Of the compiler's thread sanitizer, in an object."""
    command = ["nm", "-u", str(path)]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"__tsan_\w+", listing))


def copy_sources(golden_dir: GoldenDir) -> None:
    """A kernel of every means, and one that calls every callback."""
    kernels = golden_dir.path / "kernels"
    shutil.copy(SOURCES / "interpreter.cpp", kernels)
    shutil.copy(SOURCES / "step.h", kernels)
    shutil.copy(Path(__file__).parent / "callbacks" / "every_callback.cpp", kernels)
    enumerators = ", ".join(means.enumerator for means in ALL_MEANS)
    (kernels / "means.h").write_text(
        f"#pragma once\n#include <cstdint>\nenum class Means : int64_t {{ {enumerators} }};\n"
    )
    golden_dir.kernel_config(
        """
        import platform

        FLAGS = ["-mcx16"] if platform.machine() == "x86_64" else []
        KERNELS = [
            {"func_id": 0, "source": "interpreter.cpp", "core_type": "aic"},
            {"func_id": 1, "source": "every_callback.cpp", "core_type": "aiv", "cxxflags": FLAGS},
        ]
        ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
        """
    )


@pytest.mark.usefixtures("compiler")
def test_what_it_calls_is_defined(golden_dir: GoldenDir) -> None:
    copy_sources(golden_dir)
    golden, _ = load_case(golden_dir.path)
    with Builder() as builder:
        plain = builder.build(golden.config)
        assert not any(undefined_callbacks(kernel.path) for kernel in plain.kernels)
        built = builder.build(golden.config, instrumentation="exact")
        missing = {kernel.spec.name: undefined_callbacks(kernel.path) for kernel in built.kernels}
    assert missing == {"interpreter": set(), "every_callback": set()}


def test_every_callback_is_called(golden_dir: GoldenDir, tmp_path: Path) -> None:
    """The kernel of that name makes g++ call all that it knows: the test above is worth it."""
    copy_sources(golden_dir)
    golden, _ = load_case(golden_dir.path)
    (unit,) = [
        unit
        for unit in units(golden.config, instrumentation="exact")
        if unit.source.name == "every_callback.cpp"
    ]
    made = tmp_path / "every_callback.o"
    command = ["g++", *unit.flags(), "-fsanitize=thread", "-c", str(unit.source), "-o", str(made)]
    subprocess.run(command, check=True)
    called = undefined_callbacks(made)
    accesses = {f"__tsan_{way}{size}" for way in ("read", "write") for size in (1, 2, 4, 8, 16)}
    ranges = {f"__tsan_{way}_range" for way in ("read", "write")}
    operations = ("add", "sub", "and", "or", "xor", "nand")
    atomics = {
        f"__tsan_atomic{bits}_{name}"
        for bits in (8, 16, 32, 64)
        for name in (
            *("load", "store", "exchange", *(f"fetch_{name}" for name in operations)),
            *("compare_exchange_strong", "compare_exchange_weak"),
        )
    }
    others = {
        *("__tsan_init", "__tsan_vptr_update", "__tsan_func_entry", "__tsan_func_exit"),
        *("__tsan_atomic_thread_fence", "__tsan_atomic_signal_fence"),
    }
    assert accesses | ranges | atomics | others <= called


def graphs_for(compiler: str) -> dict[str, TaskGraph]:
    told = TOLD_BY_CLANG if compiler.startswith("clang") else {*ALL_MEANS}
    graphs = {
        f"{number}": random_graph(Random(f"compilers-{number}"), Shape(buffers=2, tasks=(2, 8)))
        for number in range(GRAPHS)
    }
    return {
        name: graph
        for name, graph in graphs.items()
        if told.issuperset(step.means for steps in graph.tasks for step in steps)
    }


def test_racing_pairs_are_the_oracles(pytester: pytest.Pytester, compiler: str) -> None:
    graphs = graphs_for(compiler)
    assert len(graphs) > GRAPHS / 3
    cases = sanitize_graphs(pytester, graphs)
    found = {
        name: texts for name, graph in graphs.items() if (texts := differences(graph, cases[name]))
    }
    assert not found
