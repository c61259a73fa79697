"""A repository of 60 cases over 12 kernels with shared headers, helpers and data.

Of each case it is known what it depends on, by construction: ``Repository.state`` reads just that.
"""

from __future__ import annotations

import hashlib
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORIES = 12
CASES = 5
VARIABLE = "A2A3SIM_TRIAL"

CONFTEST = """
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def bias():
    return float(np.load(Path(__file__).parent / "data" / "bias.npy"))
"""
ORCHESTRATION = """
#include "runtime.h"

extern "C" int build_graph(Runtime* runtime, uint64_t* args, int) {
    void* x = runtime->host_api.device_malloc(args[2]);
    void* y = runtime->host_api.device_malloc(args[3]);
    runtime->host_api.copy_to_device(x, reinterpret_cast<void*>(args[0]), args[2]);
    uint64_t task[] = {reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(y), args[4]};
    runtime->add_task(task, 3, 0, CoreType::AIV);
    runtime->record_tensor_pair(reinterpret_cast<void*>(args[1]), y, args[3]);
    return 0;
}
"""
KERNEL = """
#include <cstdint>
#include "{header}"

extern "C" void kernel_entry(int64_t* args) {{
    const float* x = reinterpret_cast<const float*>(args[0]);
    float* y = reinterpret_cast<float*>(args[1]);
    for (int64_t i = 0; i < args[2]; ++i) y[i] = scaled(x[i]);
}}
"""
BASE_HEADER = """
#pragma once
constexpr float FACTOR = 2;
"""
HEADER = """
#pragma once
#include "base.h"
inline float scaled(float value) {{ return FACTOR * value; }}  // {name}
"""
LONE_HEADER = """
#pragma once
inline float scaled(float value) { return 2 * value; }
"""
CONFIG = """
KERNELS = [
    {{"func_id": 0, "source": "{kernel}", "core_type": "aiv", "include_dirs": ["../../include"]}}
]
ORCHESTRATION = {{"source": "../../orchestration.cpp", "function_name": "build_graph"}}
RUNTIME_CONFIG = {{"block_dim": 2}}
"""
GOLDEN = """
import os
from pathlib import Path

import numpy as np

{early}

DATA = Path(__file__).parent.parent / "data"
PARAMS_LIST = [{{"n": n}} for n in range({cases})]


def generate_inputs(params{fixture}):
    x = np.arange(8, dtype=np.float32) + params["n"]
    if params["n"] == 3:
        x = x + np.load(DATA / "{data}.npy")
    if params["n"] == 4 and os.environ.get("{variable}"):
        x = x + 1
    return {{"x": x.astype(np.float32), "out_y": np.zeros(8, dtype=np.float32)}}


def compute_golden(tensors, params):
    {late}
    tensors["out_y"][:] = {factor} * tensors["x"]
"""


@dataclass
class Repository:
    """The repository, and what it was run with last.

    Attributes:
        root: its directory.
        options: of pytest.
        compiler: what CXX names.
        variable: the value of the variable that the fifth cases read.
        directories: how many golden directories it has.
    """

    root: Path
    options: tuple[str, ...] = ()
    compiler: str = ""
    variable: str = ""
    directories: int = DIRECTORIES

    @classmethod
    def create(cls, root: Path, directories: int = DIRECTORIES) -> Repository:
        made = cls(root, directories=directories)
        made.write("pyproject.toml", "[tool.pytest.ini_options]\npythonpath = ['tools']\n")
        made.write("conftest.py", CONFTEST)
        made.write("orchestration.cpp", ORCHESTRATION)
        made.write("include/base.h", BASE_HEADER)
        made.write("include/lone.h", LONE_HEADER)
        for name in ("a", "b"):
            made.write(f"include/{name}.h", HEADER.format(name=name))
        made.write("golden/shared.py", "from nested import FACTOR\n")
        made.write("golden/nested.py", "FACTOR = 2\n")
        made.write("tools/lazy.py", "FACTOR = 2\n")
        for name in ("d0", "d1", "bias"):
            made.array(name, 1.0)
        for number in range(directories):
            made.add_directory(number)
        return made

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))

    def array(self, name: str, value: float) -> None:
        (self.root / "data").mkdir(exist_ok=True)
        np.save(self.root / "data" / f"{name}.npy", np.float32(value))

    def add_directory(self, number: int) -> None:
        directory = f"k{number:02}"
        helper = helper_of(number)
        self.write(f"{directory}/kernels/scale.cpp", KERNEL.format(header=header_of(number)))
        self.write(f"{directory}/kernels/kernel_config.py", CONFIG.format(kernel="scale.cpp"))
        self.write(
            f"{directory}/golden.py",
            GOLDEN.format(
                early="from shared import FACTOR" if helper == "shared" else "",
                late="from lazy import FACTOR" if helper == "lazy" else "",
                factor="2" if helper is None else "FACTOR",
                fixture=", bias" if has_fixture(number) else "",
                data=f"d{number % 2}",
                cases=CASES,
                variable=VARIABLE,
            ),
        )

    def nodeids(self) -> list[str]:
        """Every case."""
        return [f"k{d:02}/golden.py::n={n}" for d in range(self.directories) for n in range(CASES)]

    def files_of(self, nodeid: str) -> list[str]:
        """What a case depends on: files, or names at which one may appear."""
        directory = nodeid[:3]
        number, case = int(directory[1:]), int(nodeid[-1])
        header, helper = header_of(number), helper_of(number)
        return [
            *("conftest.py", f"{directory}/conftest.py", "orchestration.cpp"),
            *self._first(f"{directory}/kernels/{header}", f"include/{header}"),
            *(["include/base.h"] if header != "lone.h" else []),
            *(f"{directory}/{name}" for name in ("golden.py", "kernels/kernel_config.py")),
            f"{directory}/kernels/scale.cpp",
            *(["golden/shared.py", "golden/nested.py"] if helper == "shared" else []),
            *(self._first(f"{directory}/lazy.py", "tools/lazy.py") if helper == "lazy" else []),
            *([f"data/d{number % 2}.npy"] if case == 3 else []),
            *(["data/bias.npy"] if has_fixture(number) else []),
        ]

    def _first(self, *names: str) -> list[str]:
        """Names up to the first at which there is a file."""
        found = next((i for i, name in enumerate(names) if (self.root / name).is_file()), 0)
        return list(names[: found + 1])

    def state(self, nodeid: str) -> str:
        """All that decides what becomes of a case, as a digest."""
        hashed = hashlib.sha256(repr((self.options, self.compiler)).encode())
        if self.compiler:
            hashed.update((self.root / self.compiler).read_bytes())
        if nodeid.endswith("4"):
            hashed.update(self.variable.encode())
        for name in self.files_of(nodeid):
            path = self.root / name
            content = path.read_bytes() if path.is_file() else b"\0nothing"
            hashed.update(f"{name} {len(content)} ".encode() + content)
        return hashed.hexdigest()


def header_of(number: int) -> str:
    """The header that the kernel of a directory includes."""
    return ("a.h", "b.h", "lone.h")[number % 3]


def helper_of(number: int) -> str | None:
    """The module that the golden.py of a directory imports."""
    return ("shared", "lazy", None, None)[number % 4]


def has_fixture(number: int) -> bool:
    """Whether the golden.py of a directory asks for a fixture."""
    return number % 6 == 5
