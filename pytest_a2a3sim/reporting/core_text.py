"""What the sanitizer has found inside a kernel -> lines, with the instructions as lanes by pipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.reporting.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_a2a3sim.model.core import CoreDetails, CoreStep
    from pytest_a2a3sim.model.sanitizer import Finding

_VERBS = {"RAW": ("writes", "reads"), "WAR": ("reads", "writes"), "WAW": ("writes", "writes")}
_MOST_LANES = 5  # in a terminal's width


def core_finding_texts(finding: Finding, core: CoreDetails) -> Iterator[str]:
    """A headline, the two lines, what to do, and what the core did around them."""
    task = f"task {finding.tasks[0]} ({finding.kernels[0]})"
    if finding.check == "racecheck":
        yield from _race_texts(finding, core, task)
    elif finding.check == "synccheck":
        yield from _flag_texts(finding, core, task)
    elif finding.check == "memcheck":
        yield from _place_texts(finding, core, task)
    else:
        yield (
            f"initcheck: {task}: {core.steps[0].name} reads {_range(finding)}, which nothing was "
            "loaded or computed into"
        )
        yield f"  at {_source(core.steps[0])}"
        yield "  on-chip memory of a device holds what the kernel before has left there"
    if finding.count > 1:
        yield f"  and in {counted(finding.count - 1, 'more task')} of this kernel"
    if len(core.stream) > 1:
        yield from lanes(core)


def _race_texts(finding: Finding, core: CoreDetails, task: str) -> Iterator[str]:
    first, second = core.steps
    is_one_pipe = first.pipe == second.pipe
    pipes = f"pipe {first.pipe}" if is_one_pipe else f"pipes {first.pipe} and {second.pipe}"
    yield (
        f"racecheck: {finding.kind} race inside {task} on {_range(finding)}: {first.name} and "
        f"{second.name} on {pipes}, and nothing orders them"
    )
    for step, verb in zip(core.steps, _VERBS[finding.kind], strict=True):
        yield f"  {step.name} ({step.pipe}) {verb} at {_source(step)}"
    if finding.consequence:
        yield "  possibly a consequence: what orders another race here orders these too"
        return
    if is_one_pipe:
        yield f"  add pipe_barrier(PIPE_{first.pipe}); before {_source(second)}"
        return
    if (unused := _set_in_vain(core)) is not None:
        flag = f"PIPE_{first.pipe}, PIPE_{second.pipe}, EVENT_ID{unused.event}"
        yield f"  add wait_flag({flag}); before {_source(second)}"
        yield f"  the flag is set at {_source(unused)}, and nothing waits for it before"
        return
    flag = f"PIPE_{first.pipe}, PIPE_{second.pipe}, {_free_event(core)}"
    yield f"  add set_flag({flag}); after {_source(first)}"
    yield f"  and wait_flag({flag}); before {_source(second)}"


def _flag_texts(finding: Finding, core: CoreDetails, task: str) -> Iterator[str]:
    step = core.steps[0]
    flag = f"PIPE_{step.pipe}, PIPE_{step.destination}, EVENT_ID{step.event}"
    if finding.kind == "NEVER_SET":
        yield f"synccheck: {task} waits for a flag that nobody sets: it hangs on the device"
        yield f"  wait_flag({flag}) at {_source(step)}"
        yield f"  set_flag({flag}); has to come before it, once for each wait"
    elif finding.kind == "SET_TWICE":
        yield f"synccheck: {task} sets a flag that is set already, and was not waited for"
        yield f"  set_flag({flag}) at {_source(step)}"
        yield f"  wait_flag({flag}); has to come between the two, or another event be used"
    else:
        yield f"synccheck: {task} ends with a flag that is set, and that nobody waits for"
        yield f"  set_flag({flag}) at {_source(step)}"
        yield "  the next kernel on this core takes it for its own: add the wait, or remove the set"


def _place_texts(finding: Finding, core: CoreDetails, task: str) -> Iterator[str]:
    step = core.steps[0]
    if finding.kind == "OUT_OF_BOUNDS":
        end = finding.offset + finding.bytes
        yield (
            f"memcheck: {task} places a tile of {_count(finding.bytes)} at {finding.offset:#x} in "
            f"{finding.space}, {_count(end - core.capacity)} past its end"
        )
        yield f"  TASSIGN at {_source(step)}"
        yield (
            f"  {finding.space} has {_count(core.capacity)} ({core.capacity // 1024} KiB); "
            "--sim-core-memory names the chip"
        )
    elif finding.kind == "MISALIGNED":
        yield (
            f"memcheck: {task} places a tile at {finding.offset:#x} in {finding.space}, which is "
            "no multiple of 32 bytes"
        )
        yield f"  TASSIGN at {_source(step)}"
    else:
        reader = core.steps[1]
        yield (
            f"memcheck: {task}: {reader.name} reads {_range(finding)} of a tile that another one "
            "was written over"
        )
        yield f"  {step.name} ({step.pipe}) writes the other tile at {_source(step)}"
        yield f"  {reader.name} ({reader.pipe}) reads at {_source(reader)}"
        yield "  place the tiles apart, or load this one again"


def lanes(core: CoreDetails) -> Iterator[str]:
    """The stream, a line a step in a lane of its pipe; ``>`` marks what the finding is about."""
    pipes = list(dict.fromkeys(step.pipe for step in core.stream if step.kind != "skipped"))
    shown = pipes if len(pipes) <= _MOST_LANES else list(core.pipes)
    rows = [_row(step, shown, ">" if step in core.steps else " ") for step in core.stream]
    kept = [row for row in rows if row is not None]
    widths = [max(len(row[1][lane]) for row in kept) for lane in range(len(shown))]
    widths = [max(width, len(pipe)) for width, pipe in zip(widths, shown, strict=True)]
    label = max(len(row[0]) for row in kept)
    yield f"  {'':{label}}  {_cells(shown, widths)}"
    for name, cells in kept:
        yield f"  {name:{label}}  {_cells(cells, widths)}"


def _row(step: CoreStep, pipes: Sequence[str], mark: str) -> tuple[str, list[str]] | None:
    cells = ["" for _ in pipes]
    if step.kind == "skipped":
        return f"  ... {step.event} more", cells
    lane = step.destination if step.kind == "wait" else step.pipe
    if lane not in pipes:
        return None
    cells[pipes.index(lane)] = {
        "instruction": step.name,
        "set": f"set -> {step.destination} {step.event}",
        "wait": f"wait <- {step.pipe} {step.event}",
        "barrier": "barrier",
    }[step.kind]
    where = "?" if step.source is None else _short(str(step.source))
    return f"{mark} {where}", cells


def _cells(texts: Sequence[str], widths: Sequence[int]) -> str:
    pairs = zip(texts, widths, strict=True)
    return "| " + " | ".join(f"{text:{width}}" for text, width in pairs).rstrip()


def _short(place: str) -> str:
    return Path(place).name


def _set_in_vain(core: CoreDetails) -> CoreStep | None:
    """A flag from the first pipe to the second one, set between the two instructions alone."""
    begin, end = (core.stream.index(step) for step in core.steps)
    found = None
    for step in core.stream[begin:end]:
        if (step.pipe, step.destination) != core.pipes:
            continue
        if step.kind == "set":
            found = step
        elif step.kind == "wait" and found is not None and step.event == found.event:
            found = None
    return found


def _free_event(core: CoreDetails) -> str:
    """An event that the shown flags between the two pipes leave free."""
    first, second = core.pipes
    used = {
        step.event
        for step in core.stream
        if step.kind in {"set", "wait"} and (step.pipe, step.destination) == (first, second)
    }
    return f"EVENT_ID{next((i for i in range(8) if i not in used), 0)}"


def _range(finding: Finding) -> str:
    last = finding.offset + finding.bytes - 1
    if finding.space == "GM":
        return f"{_count(finding.bytes)} of GM"
    return f"{finding.space} bytes {finding.offset:#x} to {last:#x}"


def _source(step: CoreStep) -> str:
    return "a line that was not recorded" if step.source is None else str(step.source)


def _count(count: int) -> str:
    return counted(count, "byte")
