"""The command line: its commands, and what becomes of their errors."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from typing import TYPE_CHECKING

from pytest_a2a3sim.cli import cache, completion, doctor, graph, new, profile, report, run
from pytest_a2a3sim.model.errors import A2A3SimError
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status = int(options.handler(options))
        sys.stdout.flush()
        return status  # noqa: TRY300 - what is printed may fail, too
    except BrokenPipeError:  # as in `a2a3sim run ... | head`: nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except A2A3SimError as error:
        print(A2A3SimError(f"a2a3sim: error: {error.message}"), file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    except KeyboardInterrupt:
        print("a2a3sim: interrupted", file=sys.stderr)  # noqa: T201 - this is the command line
        return 128 + signal.SIGINT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="a2a3sim", description="Golden directories from the command line, without pytest."
    )
    parser.add_argument("--version", action="version", version=f"a2a3sim {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    new.declare(commands)
    run.declare(commands)
    profile.declare(commands)
    graph.declare(commands)
    cache.declare(commands)
    report.declare(commands)
    doctor.declare(commands)
    completion.declare(commands, _parser)
    return parser
