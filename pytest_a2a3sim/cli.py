"""``a2a3sim``: golden directories from the command line, without pytest."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim import cli_cache, cli_profile, cli_settings
from pytest_a2a3sim.errors import A2A3SimError
from pytest_a2a3sim.progress import BuildLines
from pytest_a2a3sim.simulator import Simulator
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_a2a3sim.loading.inputs import CaseInputs
    from pytest_a2a3sim.result import CaseResult
    from pytest_a2a3sim.spec import CaseSpec, GoldenSpec

_LEVELS = ("error", "warn", "info", "debug")
_RULE = "=" * 60


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.handler(options))
    except A2A3SimError as error:
        print(f"a2a3sim: error: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    except KeyboardInterrupt:
        print("a2a3sim: interrupted", file=sys.stderr)  # noqa: T201 - this is the command line
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="a2a3sim", description=__doc__)
    parser.add_argument("--version", action="version", version=f"a2a3sim {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    cli_profile.declare(commands)
    run = commands.add_parser("run", help="build, simulate and check a golden directory")
    run.add_argument("-k", "--kernels", required=True, help="directory of kernel_config.py")
    run.add_argument("-g", "--golden", required=True, help="golden.py")
    run.add_argument(
        "-p",
        "--platform",
        default="a2a3sim",
        choices=("a2a3sim", "a2a3"),
        help="a2a3sim simulates (default); a2a3 is hardware, which this project does not drive",
    )
    run.add_argument("-d", "--device", type=int, help="accepted and ignored: there is no device")
    run.add_argument("-c", "--case", help="run this case only")
    run.add_argument(
        "--all-cases", action="store_true", help="run all of ALL_CASES, not only DEFAULT_CASE"
    )
    cli_settings.declare(run)
    run.set_defaults(handler=_run)
    run.add_argument("-v", "--verbose", action="store_true", help="the same as --log-level debug")
    run.add_argument("--silent", action="store_true", help="the same as --log-level error")
    run.add_argument("--log-level", choices=_LEVELS, help="how much to print (default: info)")
    cli_cache.declare(commands)
    return parser


class _Console:
    """Prints what has the asked-for importance, at once: the kernels print to the same stream."""

    def __init__(self, level: str) -> None:
        self.threshold = _LEVELS.index(level)
        self.built = False

    def say(self, *lines: str, level: str = "info") -> None:
        if _LEVELS.index(level) <= self.threshold:
            print(*lines, sep="\n", flush=True)  # noqa: T201 - this is the command line

    def building(self, golden: GoldenSpec) -> None:
        """Announces the build, once: later cases use the same sources."""
        if self.built:
            return
        self.built = True
        config = golden.config
        self.say(
            f"=== Building Runtime: {config.runtime.runtime} (platform: a2a3sim) ===",
            f"block_dim={config.runtime.block_dim}",
            "=== Compiling and Registering Kernels ===",
            *(
                f"Compiling kernel: {kernel.compile.source} (func_id={kernel.func_id})"
                for kernel in config.kernels
            ),
            f"Compiling orchestration: {config.orchestration.compile.source}",
        )

    def running(self, golden: GoldenSpec, case: CaseSpec, inputs: CaseInputs) -> None:  # noqa: ARG002 - a Progress
        """Announces the case."""
        self.say(f"=== Running Case: {case.name} ===")
        self.say(f"params: {case.params}", level="debug")


def _run(options: argparse.Namespace) -> int:
    console = _Console(_level(options))
    if options.platform != "a2a3sim":
        raise A2A3SimError(
            "platform 'a2a3' is the hardware, and this project simulates it\n"
            "Run with `-p a2a3sim`; for the hardware use the PTO runtime itself."
        )
    from pytest_a2a3sim.loading.load import load_golden  # noqa: PLC0415 - needs NumPy

    os.environ["PTO_LOG_LEVEL"] = _level(options)
    golden = load_golden(Path(options.golden), Path(options.kernels))
    for note in golden.config.notes:
        console.say(f"warning: {note}", level="warn")
    with contextlib.closing(Simulator(cli_settings.settings(options))) as simulator:
        simulator.report_build = BuildLines(console.say, is_terminal=sys.stdout.isatty())
        failed = [
            case.name
            for case in _cases(golden, options)
            if not _run_case(simulator, golden, case, console)
        ]
    verdict = "TEST FAILED" if failed else "TEST PASSED"
    console.say("", _RULE, verdict, _RULE)
    if failed:
        print(f"failed cases: {', '.join(failed)}", file=sys.stderr)  # noqa: T201 - as above
    return 1 if failed else 0


def _level(options: argparse.Namespace) -> str:
    chosen: str | None = options.log_level
    if chosen is not None:
        return chosen
    return "debug" if options.verbose else "error" if options.silent else "info"


def _cases(golden: GoldenSpec, options: argparse.Namespace) -> list[CaseSpec]:
    from pytest_a2a3sim.loading.load import choose_case  # noqa: PLC0415 - needs NumPy

    if options.case is not None:
        return [choose_case(golden, options.case)]
    return [case for case in golden.cases if case.runs_by_default or options.all_cases]


def _run_case(simulator: Simulator, golden: GoldenSpec, case: CaseSpec, console: _Console) -> bool:
    from pytest_a2a3sim.reporting import report  # noqa: PLC0415 - needs NumPy

    try:
        result = simulator.run(golden, case, console)
    except A2A3SimError as error:
        console.say(f"case {case.name!r}: {error.kind}: {error}", level="error")
        return False
    console.say("=== Comparing Results ===")
    for diff in result.diffs:
        console.say(report.comparing_line(diff))
        if diff.passed:
            console.say(f"  {report.verdict_line(diff)}")
        else:
            console.say(*(f"  {line}" for line in report.diff_lines(diff)), level="error")
    for finding in result.findings:
        console.say(f"warning: {finding}", level="warn")
    console.say(_phases(result), level="debug")
    return result.passed


def _phases(result: CaseResult) -> str:
    seconds = ", ".join(f"{name} {value * 1e3:.1f}" for name, value in result.phases.items())
    return f"{result.graph.tasks} tasks, {result.graph.edges} edges; milliseconds: {seconds}"


if __name__ == "__main__":
    sys.exit(main())
