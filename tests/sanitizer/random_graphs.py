"""Random task graphs, the same in every process for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.sanitizer.task_graphs import ALL_MEANS, LARGEST, Means, Role, Span, Step, TaskGraph

if TYPE_CHECKING:
    from random import Random

MEANS_BY_ROLE = {role: [each for each in ALL_MEANS if each.role is role] for role in Role}


@dataclass(frozen=True)
class Shape:
    """What graphs of a kind have in common.

    Attributes:
        buffers: how many there are at most.
        bytes: of a buffer.
        longest: bytes of a step, for means whose units are not larger.
        tasks: from, to.
        densities: of which one is the probability that an edge is there.
        shuffled: whether a task's predecessors may have higher ids.
    """

    buffers: int = 1
    bytes: tuple[int, int] = (64, 160)
    longest: int = 24
    tasks: tuple[int, int] = (2, 12)
    densities: tuple[float, ...] = (0.1, 0.3, 0.6, 0.9)
    shuffled: bool = False


def random_graph(rng: Random, shape: Shape) -> TaskGraph:
    buffers = tuple(rng.randint(*shape.bytes) for _ in range(rng.randint(1, shape.buffers)))
    count = rng.randint(*shape.tasks)
    ids = list(range(count))
    if shape.shuffled:
        rng.shuffle(ids)
    density = rng.choice(shape.densities)
    edges = [
        (ids[before], ids[after])
        for after in range(count)
        for before in range(after)
        if rng.random() < density
    ]
    tasks = tuple(_random_steps(rng, shape, buffers) for _ in range(count))
    return TaskGraph(buffers, tasks, tuple(edges))


def _random_steps(rng: Random, shape: Shape, buffers: tuple[int, ...]) -> tuple[Step, ...]:
    """At most one of them is an addition, as task_graphs asks for."""
    steps = [_random_move(rng, shape, buffers) for _ in range(rng.randint(0, 2))]
    for role, probability in ((Role.FILL, 0.4), (Role.ADD, 0.3)):
        if rng.random() < probability:
            means = rng.choice(MEANS_BY_ROLE[role])
            span = _random_span(rng, buffers, means, _random_size(rng, shape, means))
            steps.append(Step(means, span, span if role is Role.ADD else None))
    rng.shuffle(steps)
    return tuple(steps)


def _random_move(rng: Random, shape: Shape, buffers: tuple[int, ...]) -> Step:
    means = rng.choice(MEANS_BY_ROLE[Role.MOVE])
    size = _random_size(rng, shape, means)
    first = _random_span(rng, buffers, means, size)
    second = _random_span(rng, buffers, means, size)
    is_copy = rng.random() < 0.3 and first != second
    if is_copy and (means.overlaps or not _overlap(first, second)):
        return Step(means, first, second)
    return Step(means, first) if rng.random() < 0.35 else Step(means, read=first)


def _random_size(rng: Random, shape: Shape, means: Means) -> int:
    longest = min(max(shape.longest, means.grain), LARGEST)
    return means.grain * rng.randint(1, longest // means.grain)


def _random_span(rng: Random, buffers: tuple[int, ...], means: Means, size: int) -> Span:
    buffer = rng.randrange(len(buffers))
    places = (buffers[buffer] - size) // means.alignment
    return Span(buffer, means.alignment * rng.randint(0, places), size)


def _overlap(one: Span, other: Span) -> bool:
    return one.buffer == other.buffer and bool(set(one.bytes) & set(other.bytes))
