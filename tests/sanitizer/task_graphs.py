"""Task graphs as data: buffers, tasks that touch their bytes by some means, and edges.

A directory holds any number of graphs, a case each. Its sources are the same for all of them, so
that nothing is compiled anew.

What a task writes is a byte of its own, 16 times (its number + 1): a store that no callback
announces changes memory, whatever was there. Atomic additions add one to each byte; as long as a
byte is added to at most 15 times, they do not turn it into another task's.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

SOURCES = Path(__file__).parent / "task_graph"
LARGEST = 64  # bytes of a step; kLargest of interpreter.cpp


class Role(Enum):
    """What a step does: copy bytes, of which one side may be no device memory; write; add."""

    MOVE = "move"
    FILL = "fill"
    ADD = "add"


@dataclass(frozen=True)
class Means:
    """How kernels touch memory.

    Attributes:
        grain: sizes are multiples of it, in bytes.
        alignment: of the addresses, in bytes.
        overlaps: whether source and target may.
    """

    name: str
    role: Role = Role.MOVE
    grain: int = 1
    alignment: int = 1
    overlaps: bool = False

    @property
    def enumerator(self) -> str:
        return "k" + "".join(part.capitalize() for part in self.name.split("-"))


_FILL, _ADD = Role.FILL, Role.ADD
ALL_MEANS = (
    Means("bytes"),
    Means("words-32", grain=4, alignment=4),
    Means("words-64", grain=8, alignment=8),
    Means("misaligned-32", grain=4),
    Means("misaligned-64", grain=8),
    Means("vector-16", grain=16, alignment=16),
    Means("vector-32", grain=32, alignment=32),
    Means("misaligned-vector-16", grain=16),
    Means("misaligned-vector-32", grain=32),
    Means("struct-12", grain=12, alignment=4),
    Means("struct-40", grain=40, alignment=8),
    Means("half-by-value", grain=2, alignment=2),
    Means("struct-12-by-value", grain=12, alignment=4),
    Means("struct-16-by-value", grain=16, alignment=8),
    Means("struct-40-by-value", grain=40, alignment=8),
    Means("memcpy-constant"),
    Means("memcpy-variable"),
    Means("memmove-constant", overlaps=True),
    Means("memmove-variable", overlaps=True),
    Means("std-copy-bytes"),
    Means("std-copy-words", grain=4, alignment=4),
    Means("atomic-bytes"),
    Means("atomic-words", grain=4, alignment=4),
    Means("memset-constant", _FILL),
    Means("memset-variable", _FILL),
    Means("std-fill-bytes", _FILL),
    Means("std-fill-words", _FILL, grain=8, alignment=8),
    Means("assembly-bytes", _FILL),
    Means("assembly-words", _FILL, grain=8),
    Means("streaming", _FILL, grain=4, alignment=4),
    Means("add-8", _ADD),
    Means("add-16", _ADD, grain=2, alignment=2),
    Means("add-32", _ADD, grain=4, alignment=4),
    Means("add-64", _ADD, grain=8, alignment=8),
    Means("add-by-reference", _ADD, grain=4, alignment=4),
)
MEANS = {means.name: means for means in ALL_MEANS}


@dataclass(frozen=True)
class Span:
    """Bytes of a buffer."""

    buffer: int
    offset: int
    size: int

    @property
    def bytes(self) -> range:
        return range(self.offset, self.offset + self.size)


@dataclass(frozen=True)
class Step:
    """What a task does next. An addition has the same span twice; a fill reads nothing."""

    means: Means
    write: Span | None = None
    read: Span | None = None

    def __post_init__(self) -> None:
        """The interpreter has room for so many bytes."""
        assert all(span.size <= LARGEST for span in self.spans)

    @property
    def spans(self) -> tuple[Span, ...]:
        return tuple(span for span in (self.write, self.read) if span is not None)


def read(span: Span, means: str = "bytes") -> Step:
    return Step(MEANS[means], read=span)


def write(span: Span, means: str = "bytes") -> Step:
    return Step(MEANS[means], write=span)


def copy(source: Span, target: Span, means: str = "bytes") -> Step:
    return Step(MEANS[means], write=target, read=source)


def add(span: Span, means: str = "add-32") -> Step:
    return Step(MEANS[means], write=span, read=span)


@dataclass(frozen=True)
class TaskGraph:
    """A graph.

    Attributes:
        buffers: their sizes in bytes; a buffer's number is that of its allocation.
        tasks: each one's steps.
    """

    buffers: tuple[int, ...]
    tasks: tuple[tuple[Step, ...], ...]
    edges: tuple[tuple[int, int], ...] = ()

    def as_json(self) -> dict[str, Any]:
        begins = [sum(self.buffers[:number]) for number in range(len(self.buffers))]

        def position(span: Span | None) -> int:
            return -1 if span is None else begins[span.buffer] + span.offset

        return {
            "buffers": self.buffers,
            "tasks": len(self.tasks),
            "edges": self.edges,
            "steps": [
                [
                    *(task, ALL_MEANS.index(step.means)),
                    *(position(step.write), position(step.read), step.spans[0].size),
                ]
                for task, steps in enumerate(self.tasks)
                for step in steps
            ],
        }


def create(directory: Path, graphs: Mapping[str, TaskGraph], racy: Collection[str]) -> None:
    """A golden directory of these graphs, of which the racy ones' memory is not compared."""
    kernels = directory / "kernels"
    shutil.copytree(SOURCES, kernels, ignore=shutil.ignore_patterns("__pycache__"))
    (kernels / "task_graph_golden.py").rename(directory / "golden.py")
    enumerators = ", ".join(means.enumerator for means in ALL_MEANS)
    header = f"#pragma once\n#include <cstdint>\nenum class Means : int64_t {{ {enumerators} }};\n"
    (kernels / "means.h").write_text(header)
    described = {name: graph.as_json() | {"races": name in racy} for name, graph in graphs.items()}
    (directory / "graphs.json").write_text(json.dumps(described))
