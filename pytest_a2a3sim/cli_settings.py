"""Options of the command line that say how to simulate."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pytest_a2a3sim.errors import SettingsError
from pytest_a2a3sim.schedule import DEPTH_FIRST, parse_schedule, parse_threads
from pytest_a2a3sim.settings import Settings, usable_cpus

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

T = TypeVar("T")


def declare(parser: argparse.ArgumentParser) -> None:
    """Adds the options to a command."""
    parser.add_argument(
        "--threads",
        metavar="N|cores",
        help="threads that simulate the cores (default: CPUs), or a thread per simulated core",
    )
    parser.add_argument(
        "--schedule",
        metavar="ORDER",
        help="execute ready tasks in another order, on one thread unless --threads is given: "
        "fifo, lifo, reverse, random or random:SEED",
    )


def settings(options: argparse.Namespace) -> Settings:
    """What the options say.

    Raises:
        SettingsError: one has no meaning.
    """
    schedule = _parsed("--schedule", options.schedule, parse_schedule)
    threads = _parsed("--threads", options.threads, parse_threads)
    return Settings(
        threads=threads or (usable_cpus() if schedule is None else 1),
        schedule=schedule or DEPTH_FIRST,
    )


def _parsed(option: str, text: str | None, parse: Callable[[str], T]) -> T | None:
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise SettingsError(f"{option} {error}; got {text!r}") from None
