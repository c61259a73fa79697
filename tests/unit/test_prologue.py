from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.building.prologue import prologue, shared_prologues
from pytest_a2a3sim.building.unit import Unit
from pytest_a2a3sim.model.spec import CompileSpec

if TYPE_CHECKING:
    from pathlib import Path


def unit(path: Path, text: str, flag: str = "") -> Unit:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return Unit("aiv", None, CompileSpec(path), (flag,) if flag else ())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("#include <a>\n#include <b>\n", ("#include <a>", "#include <b>")),
        ("// c\n/* d\n */\n\n  # include <a> // why\n", ("#include <a>",)),
        ("#include <a>\n#define X\n#include <b>\n", ("#include <a>",)),
        ("#include <a>\nint x;\n#include <b>\n", ("#include <a>",)),
        ("#include MACRO\n", ()),
        ("#ifdef X\n#include <a>\n#endif\n", ()),
        ('#include "somewhere.h"\n', ('#include "somewhere.h"',)),
        ("#include <a> /* b\n*/\n", ()),
        ("", ()),
    ],
)
def test_directives_before_anything_else(tmp_path: Path, text: str, lines: tuple[str, ...]) -> None:
    assert prologue(unit(tmp_path / "x.cpp", text)) == lines


def test_quoted_name_beside_the_source_becomes_absolute(tmp_path: Path) -> None:
    (tmp_path / "near.h").write_text("")
    lines = prologue(unit(tmp_path / "x.cpp", '#include "near.h"\n'))
    assert lines == (f'#include "{tmp_path}/near.h"',)


def test_longest_common_beginning(tmp_path: Path) -> None:
    two = unit(tmp_path / "a" / "two.cpp", "#include <x>\n#include <y>\nint two;\n")
    three = unit(tmp_path / "b" / "three.cpp", "#include <x>\n#include <y>\n#include <z>\n")
    one = unit(tmp_path / "one.cpp", "#include <x>\n")
    other_flags = unit(tmp_path / "flags.cpp", "#include <x>\n#include <y>\n", "-O1")
    units = [two, three, one, other_flags]
    assert shared_prologues(units, 2) == {
        two: ("#include <x>", "#include <y>"),
        three: ("#include <x>", "#include <y>"),
        one: ("#include <x>",),
    }
    assert shared_prologues(units, 4) == {}
