from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.building.includes import (
    Directive,
    SearchPath,
    absent_candidates,
    appeared,
    directives,
    parse_search_path,
)
from pytest_a2a3sim.building.store.fingerprint import Glance

if TYPE_CHECKING:
    from pathlib import Path

GCC = """\
ignoring nonexistent directory "/usr/local/include/x86_64-linux-gnu"
ignoring duplicate directory "/twice"
#include "..." search starts here:
 /quoted
#include <...> search starts here:
 /project/include
 /usr/include/c++/12
End of search list.
"""


def test_search_path_of_a_compiler() -> None:
    assert parse_search_path(GCC) == SearchPath(
        quoted=("/quoted",),
        angled=("/project/include", "/usr/include/c++/12"),
        missing=("/usr/local/include/x86_64-linux-gnu",),
    )


def test_directives() -> None:
    text = (
        b'#include <a.h>\n  #  include "b.h" // why\n#include_next <c.h>\n'
        b'#if __has_include(<d.h>) && __has_include("e.h")\n#include MACRO\n'
    )
    assert directives(text) == {
        Directive("a.h", quoted=False, everywhere=False),
        Directive("b.h", quoted=True, everywhere=False),
        Directive("c.h", quoted=False, everywhere=True),
        Directive("d.h", quoted=False, everywhere=False),
        Directive("e.h", quoted=True, everywhere=False),
    }


def test_candidates_precede_the_file_that_is_found(tmp_path: Path) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    for directory in (first, second, third):
        directory.mkdir()
    (second / "x.h").write_text("")
    source = tmp_path / "source.cpp"
    absent = absent_candidates(
        {str(source): directives(b'#include "x.h"\n'), str(second / "x.h"): frozenset()},
        SearchPath((), (str(first), str(second), str(third)), ("/not/there",)),
    )
    assert absent == {str(tmp_path): ("x.h",), str(first): ("x.h",), "/not/there": ("x.h",)}


def test_candidates_of_a_computed_include(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    (second / "sub").mkdir(parents=True)
    (second / "sub" / "x.h").write_text("")
    absent = absent_candidates(
        {str(tmp_path / "source.cpp"): frozenset(), str(second / "sub" / "x.h"): frozenset()},
        SearchPath((), (str(first), str(second)), ()),
    )
    assert absent == {str(first / "sub"): ("x.h",)}


def test_appeared(tmp_path: Path) -> None:
    absent = {str(tmp_path): ("x.h", "y.h"), str(tmp_path / "later"): ("x.h",)}
    assert appeared(absent, Glance()) is None
    (tmp_path / "y.h").mkdir()
    assert appeared(absent, Glance()) is None
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "x.h").write_text("")
    assert appeared(absent, Glance()) == str(tmp_path / "later" / "x.h")
