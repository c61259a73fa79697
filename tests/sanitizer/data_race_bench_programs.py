"""The 19 programs, by number, and which of them race."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.sanitizer.data_race_bench import Program, Thread, in_, mutex, out, update
from tests.sanitizer.task_graphs import add, read, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sanitizer.data_race_bench import Depend
    from tests.sanitizer.task_graphs import Span, TaskGraph

RACY = ("027", "131", "134", "136", "165", "168", "173", "175", "177")
CLEAN = ("072", "078", "079", "132", "133", "135", "166", "167", "174", "176")


def two_writers(*clauses: Callable[[Span], Depend]) -> TaskGraph:
    """Each of two tasks writes i; they have these clauses, or none."""
    program = Program()
    i = program.variable()
    parent = Thread(program, program.add([write(i)], ()))
    for number in range(2):
        parent.task(write(i), depend=[clause(i) for clause in clauses[number : number + 1]])
    return program.graph()


def one_writer_two_readers() -> TaskGraph:
    program = Program()
    i, j, k = (program.variable() for _ in range(3))
    parent = Thread(program, program.add([write(i)], ()))
    parent.task(write(i), depend=[out(i)])
    for target in (j, k):
        parent.task(read(i, "words-32"), write(target), depend=[in_(i)])
    return program.graph()


def two_children(*, second_depends: bool, waits_before_y: bool) -> TaskGraph:
    """One child updates x, one y; the parent waits for what x depends on, and reads both."""
    program = Program()
    x, y = program.variable(), program.variable()
    parent = Thread(program, program.add([write(x), write(y)], ()))
    parent.task(*update(x), depend=[out(x)])
    if second_depends:
        parent.task(*update(y, x), depend=[in_(x), out(y)])
    else:
        parent.task(*update(y))
    parent.wait_for(in_(x))
    parent.code(read(x))
    if waits_before_y:
        parent.wait()
    parent.code(read(y))
    parent.wait()
    return program.graph()


def two_updates(*, exclusive: bool) -> TaskGraph:
    """c, a and b are written, a and b are added to c, and d is read from it.

    Tasks that exclude one another without an order have no edge; the additions are atomic instead.
    """
    program = Program()
    a, b, c, d = (program.variable() for _ in range(4))
    parent = Thread(program, program.add([], ()))
    for variable in (c, a, b):
        parent.task(write(variable, "words-32"), depend=[out(variable)])
    for operand in (a, b):
        if exclusive:
            parent.task(read(operand), add(c), depend=[in_(operand), mutex(c)])
        else:
            parent.task(*update(c, operand), depend=[in_(operand)])
    parent.task(read(c), write(d), depend=[in_(c)])
    return program.graph()


def grandchildren(*, waits: bool) -> TaskGraph:
    """Tasks with the same clause whose children, which are no siblings, have it too."""
    program = Program()
    a = program.variable()
    parent = Thread(program, program.add([write(a)], ()))

    def body(thread: Thread) -> None:
        thread.task(*update(a), depend=[out(a)])
        if waits:
            thread.wait()

    for _ in range(2):
        parent.task(depend=[out(a)], body=body)
    return program.graph()


def two_threads() -> TaskGraph:
    """The same task, created by each of two threads: no siblings either."""
    program = Program()
    a = program.variable()
    start = program.add([write(a)], ())
    for _ in range(2):
        Thread(program, program.add([], [start])).task(*update(a), depend=[out(a)])
    return program.graph()


def fibonacci(n: int, *, depends_on_i: bool) -> TaskGraph:
    program = Program()

    def body(n: int, result: Span) -> Callable[[Thread], None]:
        def recurse(thread: Thread) -> None:
            if n < 2:
                thread.code(write(result))
                return
            i, j, s = (program.variable() for _ in range(3))
            thread.task(depend=[out(i)], body=body(n - 1, i))
            thread.task(depend=[out(j)], body=body(n - 2, j))
            thread.task(
                *(read(i), read(j), write(s)),
                depend=[in_(i), in_(j)] if depends_on_i else [in_(j)],
            )
            thread.wait()
            thread.code(read(s), write(result))

        return recurse

    result = program.variable()
    body(n, result)(Thread(program, program.add([], ())))
    return program.graph()


PROGRAMS = {
    "027": two_writers(),
    "072": two_writers(out, in_),
    "078": two_writers(out, out),
    "079": one_writer_two_readers(),
    "131": two_children(second_depends=False, waits_before_y=False),
    "132": two_children(second_depends=False, waits_before_y=True),
    "133": two_children(second_depends=True, waits_before_y=True),
    "134": two_children(second_depends=True, waits_before_y=False),
    "135": two_updates(exclusive=True),
    "136": two_updates(exclusive=False),
    # The following four wait with `taskwait depend`, those above with an undeferred task.
    "165": two_children(second_depends=False, waits_before_y=False),
    "166": two_children(second_depends=False, waits_before_y=True),
    "167": two_children(second_depends=True, waits_before_y=True),
    "168": two_children(second_depends=True, waits_before_y=False),
    "173": grandchildren(waits=False),
    "174": grandchildren(waits=True),
    "175": two_threads(),
    "176": fibonacci(5, depends_on_i=True),
    "177": fibonacci(5, depends_on_i=False),
}
