"""Every way to break a golden directory is one failed case that says what broke, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim import A2A3SimError, RunError, Settings, run_case
from pytest_a2a3sim.model.lines import WIDEST_HEADLINE
from tests.broken_dirs import BROKEN, HANG_TIMEOUT, MARK, Broken
from tests.golden_dirs import KERNEL

if TYPE_CHECKING:
    from pathlib import Path

    from tests.golden_dirs import GoldenDir


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)
def test_broken_directory(broken: Broken, tmp_path: Path) -> None:
    directory = broken.create(tmp_path)
    settings = Settings(threads=2, hang_timeout=HANG_TIMEOUT if broken.hangs else 30.0)
    if broken.kind is None:
        run_case(directory, settings=settings).check()
        return
    with pytest.raises(A2A3SimError) as caught:
        run_case(directory, settings=settings).check()
    error = caught.value
    assert error.kind == broken.kind, error
    for pattern in broken.message:
        assert re.search(pattern, str(error)), f"{pattern!r} is not in:\n{error}"
    assert len(str(error).partition("\n")[0]) <= WIDEST_HEADLINE, error
    if isinstance(error, RunError):
        check_culprit(broken, directory, error)


def check_culprit(broken: Broken, directory: Path, error: RunError) -> None:
    culprit = error.culprit
    if broken.in_kernel:
        assert (culprit.kernel, culprit.func_id) == ("broken", 3), error
    if broken.in_kernel or broken.task is not None:
        assert culprit.task == broken.task, error
    assert (culprit.core is not None) == (broken.task is not None and broken.in_kernel), error
    assert culprit.buffer == broken.buffer, error
    if broken.offset is not None:
        assert culprit.offset == broken.offset, error
    for source in directory.glob("kernels/*.cpp"):
        lines = source.read_text().splitlines()
        marked = [number for number, line in enumerate(lines, start=1) if MARK in line]
        if marked:
            assert (culprit.source, culprit.line) == (str(source), marked[0]), error


def test_fault_in_a_header_whose_code_comes_first(golden_dir: GoldenDir) -> None:
    golden_dir.kernel(
        "#pragma once\n"
        "__attribute__((noinline)) static float help(float x) {\n"
        "    *reinterpret_cast<volatile int*>(8) = 1;\n"
        "    return x;\n"
        "}\n",
        "help.h",
    )
    golden_dir.kernel(f'#include "help.h"\n{KERNEL.replace("2 * x[i]", "help(x[i])")}')
    with pytest.raises(RunError) as caught:
        run_case(golden_dir.path)
    culprit = caught.value.culprit
    assert (culprit.source, culprit.line) == (str(golden_dir.path / "kernels" / "help.h"), 3)
