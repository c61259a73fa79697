"""A build recompiles what depends on a change, and nothing else."""

from __future__ import annotations

import os
import runpy
import shlex
import subprocess
from pathlib import Path

import pytest

SETUP = runpy.run_path(str(Path(__file__).parents[2] / "setup.py"), run_name="setup_of_the_engine")
COMPILER = shlex.split(os.environ.get("CXX", "g++"))
FILES = {
    "left.h": '#include "deep.h"\n',
    "right.h": "",
    "deep.h": "",
    "left.cpp": '#include "left.h"\n',
    "right.cpp": '#include "right.h"\n',
    "both.cpp": '#include "left.h"\n#include "right.h"\n',
    "none.cpp": "",
}
# Seconds; later than the system's headers.
WRITTEN, BUILT, CHANGED = 4_000_000_000, 4_000_000_001, 4_000_000_002
SOURCES = sorted(name for name in FILES if name.endswith(".cpp"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A built tree: each source of FILES has an object that is newer than all of them."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
        os.utime(folder / name, (WRITTEN, WRITTEN))
    for source in SOURCES:
        built = (folder / source).with_suffix(".o")
        command = [*COMPILER, "-MD", "-c", str(folder / source), "-o", str(built)]
        subprocess.run(command, check=True, timeout=60)
        os.utime(built, (BUILT, BUILT))
    return folder


def recompiled(tree: Path) -> list[str]:
    return [
        source
        for source in SOURCES
        if SETUP["needs_recompile"](str((tree / source).with_suffix(".o")), str(tree / source))
    ]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("none.cpp", ["none.cpp"]),
        ("both.cpp", ["both.cpp"]),
        ("left.h", ["both.cpp", "left.cpp"]),
        ("right.h", ["both.cpp", "right.cpp"]),
        ("deep.h", ["both.cpp", "left.cpp"]),
    ],
)
def test_what_depends_on_a_change_is_recompiled(
    tree: Path, changed: str, expected: list[str]
) -> None:
    assert recompiled(tree) == []
    os.utime(tree / changed, (CHANGED, CHANGED))
    assert recompiled(tree) == expected


def test_what_included_a_header_that_is_gone_is_recompiled(tree: Path) -> None:
    (tree / "right.h").unlink()
    assert recompiled(tree) == ["both.cpp", "right.cpp"]


@pytest.mark.parametrize("suffix", [".o", ".d"])
def test_what_was_not_built_to_its_end_is_recompiled(tree: Path, suffix: str) -> None:
    (tree / "left.cpp").with_suffix(suffix).unlink()
    assert recompiled(tree) == ["left.cpp"]
