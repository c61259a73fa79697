"""``a2a3sim run``: builds, simulates and checks a golden directory."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.cli import options as simulation
from pytest_a2a3sim.model.chip import CHIPS
from pytest_a2a3sim.model.errors import A2A3SimError, Mismatch, SanitizerError
from pytest_a2a3sim.model.intermediate import Intermediates
from pytest_a2a3sim.model.settings import DEFAULT_PLATFORM
from pytest_a2a3sim.reporting.run_lines import RunLines
from pytest_a2a3sim.reporting.terminal import BuildLines
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    import argparse

    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.sanitizer import SanitizerReport, Suppressed
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec

_LEVELS = ("error", "warn", "info", "debug")
_RULE = "=" * 60


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command to the command line."""
    parser = commands.add_parser("run", help="build, simulate and check a golden directory")
    simulation.declare_directory(parser)
    parser.add_argument(
        "-p",
        "--platform",
        choices=("a2a3sim", "a5sim", "a2a3", "a5"),
        help="a2a3sim and a5sim simulate a chip (default: the one that the directory was generated "
        "for, else a2a3sim); a2a3 and a5 are hardware, which this project does not drive",
    )
    parser.add_argument("-d", "--device", type=int, help="accepted and ignored: there is no device")
    parser.add_argument("-c", "--case", help="run this case only")
    parser.add_argument(
        "--all-cases", action="store_true", help="run all of ALL_CASES, not only DEFAULT_CASE"
    )
    simulation.declare(parser)
    parser.add_argument(
        "--trace",
        metavar="DIR",
        help="write a trace of each case that runs to its end, which Perfetto opens",
    )
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="the same as --log-level debug"
    )
    parser.add_argument("--silent", action="store_true", help="the same as --log-level error")
    parser.add_argument("--log-level", choices=_LEVELS, help="how much to print (default: info)")
    parser.set_defaults(handler=run)


class _Console:
    """Prints what has the asked-for importance, at once: the kernels print to the same stream."""

    def __init__(self, level: str, traces: str | None) -> None:
        self.threshold = _LEVELS.index(level)
        self.traces = traces  # the directory
        self.platform = DEFAULT_PLATFORM
        self.built = False
        self.suppressed: list[Suppressed] = []

    def say(self, *lines: str, level: str = "info") -> None:
        if _LEVELS.index(level) <= self.threshold:
            print(*lines, sep="\n", flush=True)  # noqa: T201 - this is the command line

    def unused_suppressions(self) -> list[str]:
        """What there is to say of those that left out nothing of the cases that ran."""
        from pytest_a2a3sim.reporting import suppression_text  # noqa: PLC0415 - not needed at start
        from pytest_a2a3sim.reporting.sanitizer_record import suppression_record  # noqa: PLC0415

        records = [suppression_record(each, Path.cwd()) for each in self.suppressed]
        return suppression_text.unused_lines(records)

    def building(self, golden: GoldenSpec) -> None:
        """Announces the build, once: later cases use the same sources."""
        if self.built:
            return
        self.built = True
        config = golden.config
        self.say(
            f"=== Building Runtime: {config.runtime.runtime} (platform: {self.platform}sim) ===",
            f"block_dim={config.runtime.block_dim}",
            "=== Compiling and Registering Kernels ===",
            *(
                f"Compiling kernel: {kernel.compile.source} (func_id={kernel.func_id})"
                for kernel in config.kernels
            ),
            f"Compiling orchestration: {config.orchestration.compile.source}",
        )

    def running(self, case: CaseSpec) -> None:
        """Announces the case."""
        self.say(f"=== Running Case: {case.name} ===")
        self.say(f"params: {case.params}", level="debug")

    def write_trace(self, result: CaseResult) -> None:
        """Writes the trace of a case, if that was asked for."""
        if self.traces is None:
            return
        from pytest_a2a3sim.pictures.trace import write_trace  # noqa: PLC0415 - needs NumPy
        from pytest_a2a3sim.reporting.artifacts import directory_name  # noqa: PLC0415 - as above
        from pytest_a2a3sim.reporting.dump_files import label_of  # noqa: PLC0415 - as above

        name = label_of(result.golden, result.case)
        path = Path(self.traces) / f"{directory_name(name)}.json.gz"
        try:
            write_trace(path, result.recording, result.facts, name)
        except OSError as error:
            raise A2A3SimError(
                f"--trace: the trace cannot be written: {error.strerror}; name another directory\n"
                f"  {path}"
            ) from None
        self.say(f"trace: {path}")


def run(options: argparse.Namespace) -> int:
    """Runs the command; 1 if a case fails."""
    console = _Console(_level(options), options.trace)
    if options.platform in CHIPS:
        raise A2A3SimError(
            f"platform {options.platform!r} is the hardware, and this project simulates it\n"
            f"Run with `-p {options.platform}sim`; for the hardware use the PTO runtime itself."
        )
    from pytest_a2a3sim.loading.golden import load_golden  # noqa: PLC0415 - needs NumPy

    os.environ["PTO_LOG_LEVEL"] = _level(options)
    golden = load_golden(*simulation.golden_and_kernels(options))
    for note in golden.config.notes:
        console.say(f"warning: {note}", level="warn")
    settings = simulation.settings(options)
    if options.platform is not None:
        settings = replace(settings, platform=options.platform)
    console.platform = settings.platform_of(golden.config)
    with contextlib.closing(Simulator(settings)) as simulator:
        simulator.report_build = BuildLines(console.say, is_terminal=sys.stdout.isatty())
        simulator.report_run = RunLines(console.say)
        failed = [
            case.name
            for case in _cases(golden, options)
            if not _run_case(simulator, golden, case, console)
        ]
    for text in console.unused_suppressions():
        console.say(f"warning: {text}", level="warn")
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
    from pytest_a2a3sim.loading.golden import choose_case  # noqa: PLC0415 - needs NumPy

    if options.case is not None:
        return [choose_case(golden, options.case)]
    return [case for case in golden.cases if case.runs_by_default or options.all_cases]


def _run_case(simulator: Simulator, golden: GoldenSpec, case: CaseSpec, console: _Console) -> bool:
    from pytest_a2a3sim.reporting import dump_record, intermediate_text, text  # noqa: PLC0415 - needs NumPy

    attempt = simulator.attempt(golden, case, console)
    if (dump := attempt.facts.dump) is not None:
        console.say(*dump_record.dump_lines([dump_record.dump_record(dump, Path.cwd())]))
    try:
        result = attempt.get()
    except A2A3SimError as error:
        console.say(f"case {case.name!r}: {error.kind}: {error}", level="error")
        return False
    console.write_trace(result)
    if (origin := result.facts.golden_cache) is not None:
        kept = {"found": "taken from the cache", "stored": "computed, and stored in the cache"}
        console.say(f"expected outputs: {kept.get(origin, f'computed, not stored: {origin}')}")
    console.say("=== Comparing Results ===")
    first = intermediate_text.first_task_lines(Intermediates(result.intermediates))
    if first:
        console.say(*map(str, first), level="error")
    for diff in result.diffs:
        console.say(text.comparing_line(diff))
        if diff.passed:
            console.say(f"  {text.verdict_line(diff)}")
        else:
            console.say(*(f"  {line}" for line in text.diff_lines(diff)), level="error")
    if result.sanitizer is not None and (result.diffs or result.sanitizer.total == 0):
        _say_sanitizer(result.sanitizer, case, console)
    told = isinstance(result.failure, (Mismatch, SanitizerError)) and result.diffs
    if result.failure is not None and not told:
        console.say(f"case {case.name!r}: {result.failure.kind}: {result.failure}", level="error")
    for finding in (*result.notes, *result.findings):
        console.say(f"warning: {finding}", level="warn")
    console.say(_phases(result), level="debug")
    return result.passed


def _say_sanitizer(report: SanitizerReport, case: CaseSpec, console: _Console) -> None:
    """Says what was found, or what was looked at without finding anything."""
    console.suppressed += report.suppressions
    from pytest_a2a3sim.reporting import sanitizer_summary, sanitizer_text  # noqa: PLC0415 - rare

    if report.total == 0:
        console.say(*sanitizer_summary.checked_lines(report))
        return
    text = "\n".join(map(str, sanitizer_text.finding_lines(report)))
    console.say(f"case {case.name!r}: {SanitizerError.kind}: {text}", level="error")


def _phases(result: CaseResult) -> str:
    seconds = ", ".join(f"{name} {value * 1e3:.1f}" for name, value in result.phases.items())
    return f"{result.graph.tasks} tasks, {result.graph.edges} edges; milliseconds: {seconds}"
