"""The benchmark's graphs, and the task-graph libraries that run them too."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent / "engine_graphs"


@dataclass(frozen=True)
class GraphShape:
    """One graph of ``engine_graphs/graphs.h``; ``tasks`` is for ns a task."""

    label: str
    name: str
    a: int
    b: int
    tasks: int

    @property
    def words(self) -> list[str]:
        """The command line's part."""
        return [self.name, str(self.a), str(self.b)]


SMALL = GraphShape("paged attention 256x4", "paged_attention", 256, 4, 4096)
LARGE = GraphShape("paged attention 256x64", "paged_attention", 256, 64, 65536)
FAN = GraphShape("fan out and in, 16384", "fan", 16384, 0, 16386)
CHAIN = GraphShape("chain of 16384", "chain", 16384, 0, 16384)
LAYERS = GraphShape("random layers 256x64", "layers", 256, 64, 16384)
MILLION = (
    GraphShape("paged attention 3906x64", "paged_attention", 3906, 64, 999_936),
    GraphShape("random layers 1000x1000", "layers", 1000, 1000, 1_000_000),
    GraphShape("fan-out 999,999", "fan_out", 999_999, 0, 1_000_000),
    GraphShape("fan-in 999,999", "fan_in", 999_999, 0, 1_000_000),
)


@dataclass(frozen=True)
class Library:
    """A task-graph library: its program's flags."""

    label: str
    source: str
    flags: Sequence[str]


def libraries() -> list[Library]:
    """Those this machine may have."""
    starpu: list[str] = []
    if shutil.which("pkg-config"):
        found = subprocess.run(
            ["pkg-config", "--cflags", "--libs", "starpu-1.3"],
            capture_output=True,
            text=True,
            check=False,
        )
        starpu = found.stdout.split()
    return [
        Library("oneTBB", "onetbb.cpp", ("-ltbb",)),
        Library("OpenMP", "openmp.cpp", ("-fopenmp",)),
        Library("StarPU", "starpu.cpp", starpu),
        Library("Taskflow", "taskflow.cpp", ("-std=c++20", f"-I{os.environ.get('TASKFLOW', '')}")),
    ]


class Programs:
    """The libraries' programs, compiled once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.libraries = [item for item in libraries() if self._compile(item.source, item.flags)]
        self._compile("calibrate.cpp", ())
        self._compile("bare_threads.cpp", ())

    def _compile(self, source: str, flags: Sequence[str]) -> bool:
        program = self.directory / Path(source).stem
        command = ["g++", "-std=c++17", "-O2", str(HERE / source), "-o", str(program), "-pthread"]
        done = subprocess.run([*command, *flags], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{source} is left out: {done.stderr.splitlines()[0]}")
        return done.returncode == 0

    def iterations_per_microsecond(self) -> float:
        """Of the kernel's loop."""
        printed = subprocess.run(
            [self.directory / "calibrate"], capture_output=True, text=True, check=True
        )
        return float(printed.stdout)

    def seconds(
        self, library: Library, shape: GraphShape, iterations: int, threads: int, repeats: int
    ) -> list[float]:
        """Build and run, by repetition in one process."""
        program = self.directory / Path(library.source).stem
        done = subprocess.run(
            [program, *shape.words, str(iterations), str(threads), str(repeats)],
            capture_output=True,
            text=True,
            check=True,
        )
        return [sum(map(float, line.split())) for line in done.stdout.splitlines()]
