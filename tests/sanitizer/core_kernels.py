"""Kernels on PTO ISA, each of which misuses the pipes or memories of its core, or seems to.

They stand in ``core_kernel_sources``, functions of files named ``right_*`` and ``broken_*``. Their
comments say what they compute, ``z[0] = x[0] + y[0]``, and mark the lines that a finding names,
``first`` and ``second``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STAND_INS = Path(__file__).parent / "pto_isa"
_FEATURES = frozenset({"odd", "placed"})
_SOURCES = Path(__file__).parent / "core_kernel_sources"
_ENTRY = re.compile(r"^(?:KERNEL\(|void )(\w+)", re.MULTILINE)
_COMPUTES = re.compile(r"// (z\[.+ = .+)")
_MARKS = re.compile(r"//.*\b(?:first|second|third|fourth)\b")
_SYNC = re.compile(r"^ *(set_flag|wait_flag|pipe_barrier)\(.*\);")


@dataclass(frozen=True)
class Version:
    """A version of PTO ISA, and a compiler that it works with.

    Attributes:
        features: words in the names of files that only some versions can compile: ``placed``, tiles
            lie in arrays of the core, not in their own; ``odd``, they may have any size.
        compilers: the first that is installed is it; none: the default one.
    """

    name: str
    root: Path
    features: frozenset[str]
    compilers: tuple[str, ...] = ()

    def kernels(self) -> list[Kernel]:
        """Those that it can compile."""
        return [
            kernel
            for path in sorted(_SOURCES.glob("*.cpp"))
            if not _FEATURES.intersection(path.stem.split("_")) - self.features
            for kernel in _kernels_of(path)
        ]


def versions() -> list[Version]:
    """Stand-ins for two versions, and the real one that the environment names."""
    private, placed = _STAND_INS / "private", _STAND_INS / "placed"
    found = [
        Version("private", private, frozenset({"odd"}), ("g++",)),
        Version("placed-gcc", placed, _FEATURES, ("g++",)),
        Version("placed-clang", placed, _FEATURES, ("clang++-22", "clang++-19", "clang++")),
    ]
    if root := os.environ.get("PTO_ISA_ROOT"):
        is_placed = Path(root, "include", "pto", "cpu", "NPUMemoryModel.hpp").exists()
        features = frozenset({"placed"} if is_placed else ())
        found.append(Version("checkout", Path(root), features))
    return found


@dataclass(frozen=True)
class Kernel:
    """A function of a file.

    Attributes:
        line: at which its text begins, which holds the helpers before it, too.
    """

    name: str
    file: str
    line: int
    text: str

    @property
    def is_right(self) -> bool:
        return self.file.startswith("right_")

    @property
    def marks(self) -> dict[str, int]:
        """The lines that comments mark."""
        return {
            mark: self.line + number
            for number, line in enumerate(self.text.splitlines())
            if (comment := _MARKS.search(line))
            for mark in re.findall(r"\w+", comment[0])
        }


@dataclass(frozen=True)
class Case:
    """A run of a kernel. ``choice`` is a scalar argument."""

    kernel: Kernel
    choice: int = 0

    @property
    def name(self) -> str:
        return f"{self.kernel.name}-{self.choice}" if self.choice else self.kernel.name


@dataclass(frozen=True)
class Mutant:
    """A right kernel without one of its lines that order.

    Attributes:
        call: what is missing.
        orders: whether the missing line is there to order instructions, not to end a pairing.
    """

    kernel: Kernel
    call: str
    orders: bool


def _kernels_of(path: Path) -> Iterable[Kernel]:
    text = path.read_text()
    begin = 0
    for entry in _ENTRY.finditer(text):
        end = text.index("\n}\n", entry.end()) + 3
        yield Kernel(entry[1], path.name, text.count("\n", 0, begin) + 1, text[begin:end])
        begin = end


def mutants(kernel: Kernel) -> list[Mutant]:
    """One for each line that orders something."""
    lines = kernel.text.splitlines(keepends=True)
    found = []
    for number, line in enumerate(lines):
        call = _SYNC.match(line)
        if call is None:
            continue
        name = f"{kernel.name}_without_line_{kernel.line + number}"
        text = "".join((*lines[:number], "\n", *lines[number + 1 :]))
        text = text.replace(f"KERNEL({kernel.name})", f"KERNEL({name})")
        mutant = replace(kernel, name=name, text=text)
        found.append(Mutant(mutant, call[1], orders="drains" not in line))
    return found


def sources(of: Iterable[Kernel]) -> dict[str, str]:
    """The texts of these kernels' files, by name."""
    return {name: (_SOURCES / name).read_text() for name in {kernel.file: None for kernel in of}}


def mutated_source(of: Iterable[Mutant]) -> str:
    """The text of a file of mutants."""
    parts = [
        f"namespace mutant_{number} {{\n{mutant.kernel.text}}}\nusing namespace mutant_{number};\n"
        for number, mutant in enumerate(of)
    ]
    return _HEADER + "".join(parts).replace(_HEADER, "")


def create(directory: Path, cases: Iterable[Case], texts: Mapping[str, str]) -> None:
    """A golden directory of these cases.

    Args:
        texts: of the files of the cases' kernels, by name.
    """
    folder = directory / "kernels"
    folder.mkdir(parents=True)
    shutil.copy(_SOURCES / "kernels.h", folder)
    configured = []
    params = []
    for func_id, (file, text) in enumerate(texts.items()):
        of_file = [case for case in cases if case.kernel.file == file]
        names = list(dict.fromkeys(case.kernel.name for case in of_file))
        core_type = "aic" if "cube" in file else "aiv"
        (folder / file).write_text(text + _ENTRY_POINT.format(names=", ".join(names)))
        configured.append({"func_id": func_id, "source": file, "core_type": core_type})
        params += [
            {
                "name": case.name,
                "task": [func_id, core_type == "aiv", names.index(case.kernel.name), case.choice],
                "computes": _COMPUTES.findall(case.kernel.text),
            }
            for case in of_file
        ]
    (directory / "cases.json").write_text(json.dumps(params))
    (directory / "golden.py").write_text(_GOLDEN)
    (folder / "kernel_config.py").write_text(f"KERNELS = {configured}\n{_CONFIG}")
    (folder / "orchestration.cpp").write_text(_ORCHESTRATION)


_HEADER = '#include "kernels.h"\n'

_ENTRY_POINT = """
extern "C" void kernel_entry(int64_t* args) {{
    void (*const kernels[])(int64_t*) = {{{names}}};
    kernels[args[4]](args);
}}
"""

_CONFIG = """\
ORCHESTRATION = {"source": "orchestration.cpp", "function_name": "build_graph"}
"""

_GOLDEN = """\
import json
from pathlib import Path

import numpy as np

PARAMS_LIST = json.loads((Path(__file__).parent / "cases.json").read_text())


def generate_inputs(params):
    numbers = np.random.default_rng(1)
    return {
        "x": numbers.integers(4, size=(4, 16, 16)).astype(np.float32),
        "y": numbers.integers(4, size=(4, 16, 16)).astype(np.float32),
        "task": np.array(params["task"], dtype=np.int64),
        "out_z": np.zeros((4, 16, 16), dtype=np.float32),
    }


def compute_golden(tensors, params):
    names = {"np": np, "x": tensors["x"], "y": tensors["y"], "z": tensors["out_z"]}
    for statement in params["computes"]:
        exec(statement, names | {"choice": params["task"][3]})


def compare_outputs(actual, expected, params):
    return {"out_z": slice(None if params["computes"] else 0)}
"""

_ORCHESTRATION = """\
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    constexpr size_t kSize = 4096;
    HostApi& api = runtime->host_api;
    const auto* const what = reinterpret_cast<const int64_t*>(args[2]);
    const uint64_t from[] = {args[0], args[1], args[3]};
    uint64_t task[5] = {};
    for (int i = 0; i < 3; ++i) {
        task[i] = reinterpret_cast<uint64_t>(api.device_malloc(kSize));
        api.copy_to_device(reinterpret_cast<void*>(task[i]), reinterpret_cast<void*>(from[i]),
                           kSize);
    }
    task[3] = static_cast<uint64_t>(what[3]);
    task[4] = static_cast<uint64_t>(what[2]);
    runtime->add_task(task, 5, static_cast<int>(what[0]),
                      what[1] != 0 ? CoreType::AIV : CoreType::AIC);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[3]),
                                reinterpret_cast<void*>(task[2]), kSize);
    return 0;
}
"""
