from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.building.includes import dependencies

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("object: a.cpp b.h\n", ("a.cpp", "b.h")),
        ("object: a.cpp \\\n b.h \\\n c.h\n", ("a.cpp", "b.h", "c.h")),
        ("object: a.cpp b.h b.h\n\nb.h:\n", ("a.cpp", "b.h")),
        ("object:\n", ()),
        ("", ()),
    ],
)
def test_rule(text: str, files: tuple[str, ...]) -> None:
    assert dependencies(text) == files


@pytest.mark.parametrize("name", ["plain.h", "with space.h", "cash$.h", "hash#.h", "a:b.h", "é.h"])
def test_names_that_the_compiler_escapes(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")
    (tmp_path / "source.cpp").write_text(f'#include "{name}"\n')
    subprocess.run(
        ["g++", "-fsyntax-only", "-MD", "-MF", "deps", "-MT", "object", "source.cpp"],
        cwd=tmp_path,
        check=True,
    )
    assert name in dependencies((tmp_path / "deps").read_text())
