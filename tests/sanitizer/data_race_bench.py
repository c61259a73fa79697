"""The programs of DataRaceBench that order OpenMP tasks by `depend` clauses, as task graphs.

https://github.com/LLNL/dataracebench has the originals, by number. Here a program is a Python
function that does what the original's threads do; what becomes a task of the graph is each OpenMP
task and each piece of code between two constructs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.sanitizer.task_graphs import LARGEST, Span, Step, TaskGraph, read, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WORD = 4  # bytes of a variable


@dataclass
class Program:
    """Tasks, edges and variables, as they come."""

    tasks: list[tuple[Step, ...]] = field(default_factory=list)
    edges: list[tuple[int, int]] = field(default_factory=list)
    variables: int = 0

    def variable(self) -> Span:
        """A variable of its own. All are neighbours in one buffer."""
        self.variables += 1
        return Span(0, WORD * (self.variables - 1), WORD)

    def add(self, steps: Iterable[Step], after: Iterable[int]) -> int:
        self.tasks.append(tuple(steps))
        number = len(self.tasks) - 1
        self.edges += [(before, number) for before in sorted(set(after))]
        return number

    def graph(self) -> TaskGraph:
        """With the barrier at the end of the parallel region and a task that reads everything."""
        size = WORD * self.variables
        parts = [Span(0, at, min(LARGEST, size - at)) for at in range(0, size, LARGEST)]
        self.add(map(read, parts), range(len(self.tasks)))
        return TaskGraph((size,), tuple(self.tasks), tuple(self.edges))


@dataclass(frozen=True)
class Depend:
    """A `depend` clause: `out` stands for inout too, `mutex` for mutexinoutset."""

    kind: str
    variable: Span


@dataclass
class Thread:
    """Code that is executed in order, and the tasks that it creates, which are siblings.

    Attributes:
        last: the task of the graph with the code that was executed last.
        joined: tasks that what comes next waits for.
        generations: variable → groups of siblings. Each task of a group waits for the whole group
            before. Tasks with the same kind of clause share a group, those with `out` have one to
            themselves.
    """

    program: Program
    last: int
    joined: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    generations: dict[Span, list[tuple[str, list[int]]]] = field(default_factory=dict)

    def code(self, *steps: Step) -> None:
        """The thread's own code."""
        self.last = self.program.add(steps, [self.last, *self.joined])
        self.joined.clear()

    def task(
        self,
        *steps: Step,
        depend: Iterable[Depend] = (),
        body: Callable[[Thread], None] | None = None,
    ) -> None:
        """An OpenMP task of these steps and then, if it creates tasks itself, this body."""
        self._settle()
        groups = [self._group(clause) for clause in depend]
        number = self.program.add(
            steps, [self.last, *(each for before, _ in groups for each in before)]
        )
        if body is not None:
            thread = Thread(self.program, number)
            body(thread)
            thread._settle()
            number = thread.last
        for _, group in groups:
            group.append(number)
        self.children.append(number)

    def wait(self) -> None:
        """`taskwait`: for the children, not for theirs."""
        self.joined += self.children

    def wait_for(self, *depend: Depend) -> None:
        """`taskwait depend(...)`, or an undeferred empty task with these clauses."""
        for clause in depend:
            self.joined += self._group(clause)[0]

    def _settle(self) -> None:
        """What was waited for comes before what follows, also where no code stands between."""
        if self.joined:
            self.code()

    def _group(self, clause: Depend) -> tuple[list[int], list[int]]:
        """The group before, and the one that a task with this clause belongs to."""
        groups = self.generations.setdefault(clause.variable, [])
        if not groups or clause.kind == "out" or groups[-1][0] != clause.kind:
            groups.append((clause.kind, []))
        return groups[-2][1] if len(groups) > 1 else [], groups[-1][1]


def out(variable: Span) -> Depend:
    return Depend("out", variable)


def in_(variable: Span) -> Depend:
    return Depend("in", variable)


def mutex(variable: Span) -> Depend:
    return Depend("mutex", variable)


def update(variable: Span, *operands: Span) -> list[Step]:
    """`variable += operand`, not atomic."""
    return [*(read(each, "words-32") for each in operands), read(variable), write(variable)]
