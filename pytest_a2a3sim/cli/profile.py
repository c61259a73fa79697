"""``a2a3sim profile``: where the time of a graph goes, and what a device would make of it."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

from pytest_a2a3sim.cli import options as simulation
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    import argparse


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser("profile", help="show where the time of a task graph goes")
    simulation.declare_directory(parser)
    parser.add_argument("-c", "--case", help="profile this case (default: the first)")
    parser.add_argument(
        "--repeat",
        type=int,
        default=3,
        metavar="N",
        help="run the case N times and take each task's shortest time (default: 3)",
    )
    parser.add_argument(
        "--data",
        action="store_true",
        help="show the work that does nothing: edges without data, buffers that nobody reads, ...",
    )
    simulation.declare(parser)
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Runs one case and prints its profile; 1 if its outputs do not match."""
    from pytest_a2a3sim.loading.golden import load_case  # noqa: PLC0415 - needs NumPy
    from pytest_a2a3sim.reporting.profile_text import (  # noqa: PLC0415 - needs NumPy
        profile_lines,
        ring_lines,
    )
    from pytest_a2a3sim.reporting.waste_text import waste_lines  # noqa: PLC0415 - needs NumPy
    from pytest_a2a3sim.running.profile import profile_of  # noqa: PLC0415 - needs NumPy
    from pytest_a2a3sim.running.waste import waste_of  # noqa: PLC0415 - needs NumPy

    path, kernels_dir = simulation.golden_and_kernels(options)
    golden, case = load_case(path, options.case, kernels=kernels_dir)
    golden = dataclasses.replace(golden, sanitize=())  # times of instrumented kernels mislead
    with contextlib.closing(Simulator(simulation.settings(options))) as simulator:
        trace = simulator.trace(golden, case) if options.data else None
        results = [simulator.attempt(golden, case).get() for _ in range(max(1, options.repeat))]
    profile = profile_of(*(result.recording for result in results))
    lines = ["", f"{path}, case {case.name!r}", *profile_lines(profile)]
    if rings := ring_lines(results[0].rings):
        lines += ["", *rings]
    if trace is not None:
        recording = results[0].recording
        names = {kernel.func_id: kernel.name for kernel in golden.config.kernels}
        kernels = {task: names[func_id] for task, func_id in enumerate(recording.func_ids.tolist())}
        waste = waste_of(recording, trace.data, trace.buffers.use)
        lines += ["", *waste_lines(waste, kernels, profile.critical_seconds)]
    passed = all(result.passed for result in results)
    if not passed:
        lines += ["", "The outputs do not match; `a2a3sim run` shows how."]
    print(*lines, sep="\n", flush=True)  # noqa: T201 - this is the command line
    return 0 if passed else 1
