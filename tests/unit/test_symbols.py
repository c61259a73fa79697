"""What shared objects export, by this package and by readelf."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from pytest_a2a3sim.building.symbols import exported_symbols

FUNCTION = re.compile(r"FUNC +GLOBAL +(?:DEFAULT|PROTECTED) +\d+ ([^\s@]+)")
SOURCE = """
extern "C" void plain() {}
extern "C" __attribute__((visibility("protected"))) void guarded() {}
extern "C" __attribute__((visibility("hidden"))) void hidden() {}
extern "C" __attribute__((weak)) void weak() {}
extern "C" void absent();
static void (*choose())() { return hidden; }
extern "C" void chosen() __attribute__((ifunc("_ZL6choosev")));
int variable = 1;
namespace kernels { void add(float* out) { absent(); *out += variable; } }
"""


def compiled(directory: Path) -> Path:
    source, made = directory / "source.cpp", directory / "source.so"
    source.write_text(SOURCE)
    subprocess.run(["g++", "-shared", "-fPIC", source, "-o", made], check=True)
    return made


def test_functions_that_others_can_call(tmp_path: Path) -> None:
    names = exported_symbols(compiled(tmp_path))
    assert names == ["_ZN7kernels3addEPf", "chosen", "guarded", "plain"]


@pytest.mark.parametrize("library", ["libc.so.6", "libm.so.6", "libstdc++.so.6"])
def test_readelf_says_the_same(library: str) -> None:
    path = subprocess.check_output(["g++", f"-print-file-name={library}"], text=True).strip()
    plain = {**os.environ, "LC_ALL": "C"}
    said = subprocess.check_output(["readelf", "-W", "--dyn-syms", path], text=True, env=plain)
    assert exported_symbols(Path(path)) == sorted(set(FUNCTION.findall(said)))


@pytest.mark.parametrize("length", [0, 5, 63, 64, 4000])
def test_cut_objects(tmp_path: Path, length: int) -> None:
    made = compiled(tmp_path)
    made.write_bytes(made.read_bytes()[:length])
    with pytest.raises(ValueError, match=r"another kind of file|a part is missing|not found"):
        exported_symbols(made)


def test_object_with_more_sections_than_its_header_can_count(tmp_path: Path) -> None:
    source, made = tmp_path / "source.s", tmp_path / "source.so"
    sections = "".join(f'.section s{i},"aw"\n.byte 1\n' for i in range(66_000))
    entry = ".text\n.globl entry\n.type entry, @function\nentry: ret\n.size entry, 1\n"
    source.write_text(f"{entry}{sections}")
    subprocess.run(["gcc", "-shared", "-nostdlib", source, "-o", made], check=True)
    header = made.read_bytes()[60:62]
    assert header == b"\0\0"
    assert exported_symbols(made) == ["entry"]
