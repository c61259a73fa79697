"""``a2a3sim graph``: the task graph of a case, drawn."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.cli import options as simulation
from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.pictures.graph.dot import find_program
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    import argparse

    from pytest_a2a3sim.pictures.graph.labels import Labels
    from pytest_a2a3sim.pictures.graph.task_graph import TaskGraph

_FORMS = ("svg", "png", "dot", "mmd", "json")
_FOLDS = ("auto", "none", "layer", "kernel")


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser("graph", help="draw the task graph of a case")
    simulation.declare_directory(parser)
    parser.add_argument("-c", "--case", help="draw the graph of this case (default: the first)")
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="FILE",
        help="file to write; its name ends with .svg or .png (drawn by Graphviz), .dot, .mmd "
        "(Mermaid) or .json",
    )
    parser.add_argument(
        "--fold",
        choices=_FOLDS,
        default="auto",
        help="draw every task (none), or as one node the tasks of a kernel that are equally far "
        "from the start (layer) or all tasks of a kernel (kernel); auto is the first of these "
        "with at most 60 nodes (default)",
    )
    simulation.declare(parser)
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Runs one case and draws its graph, whether its outputs match or not."""
    output = Path(options.output)
    form = output.suffix.removeprefix(".")
    if form not in _FORMS:
        raise SettingsError(
            f"--output must end with one of {', '.join(f'.{each}' for each in _FORMS)}; "
            f"got {options.output!r}"
        )
    if form in ("svg", "png"):
        find_program(output)
    from pytest_a2a3sim.loading.golden import load_case  # noqa: PLC0415 - needs NumPy
    from pytest_a2a3sim.pictures.graph.fold import fold  # noqa: PLC0415 - as above
    from pytest_a2a3sim.pictures.graph.labels import Labels  # noqa: PLC0415 - as above
    from pytest_a2a3sim.pictures.graph.of_result import task_graph_of  # noqa: PLC0415 - as above

    path, kernels_dir = simulation.golden_and_kernels(options)
    golden, case = load_case(path, options.case, kernels=kernels_dir)
    golden = dataclasses.replace(golden, sanitize=())
    settings = dataclasses.replace(simulation.settings(options), records_dependencies=True)
    with contextlib.closing(Simulator(settings)) as simulator:
        result = simulator.attempt(golden, case).get()
    title = f"{golden.path.parent.name}: {case.name}"
    graph = task_graph_of(result)
    labels = Labels(fold(graph, options.fold), title, timed=options.schedule is not None)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        _write(output, form, graph, labels)
    except OSError as error:
        raise SettingsError(
            f"--output: the graph cannot be written: {error.strerror}; name another file\n"
            f"  {output}"
        ) from None
    print(f"{labels.headline}\n{output}", flush=True)  # noqa: T201 - this is the command line
    return 0


def _write(output: Path, form: str, graph: TaskGraph, labels: Labels) -> None:
    from pytest_a2a3sim.pictures.graph import as_json, dot, mermaid  # noqa: PLC0415 - need NumPy

    if form in ("svg", "png"):
        dot.draw(labels, output, form)
        return
    if form == "json":
        lines = [json.dumps(as_json.graph_data(graph, labels.drawing, labels.title), indent=1)]
    else:
        lines = dot.dot_lines(labels) if form == "dot" else mermaid.mermaid_lines(labels)
    output.write_text("\n".join(lines) + "\n", encoding="utf-8")
