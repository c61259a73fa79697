"""``a2a3sim report merge``: one report of the parts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    report = commands.add_parser("report", help="work with reports")
    report.set_defaults(handler=run)
    actions = report.add_subparsers(dest="action", required=True, metavar="ACTION")
    merge = actions.add_parser(
        "merge",
        help="make one report of those of several machines: --sim-json, --junit-xml or --sim-html",
    )
    merge.add_argument(
        "parts", nargs="+", type=Path, metavar="PART", help="a .json, .xml or .html file"
    )
    merge.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="of the same kind"
    )


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    from pytest_a2a3sim.reporting.merge import merge  # noqa: PLC0415 - not needed by --help

    if {path.suffix for path in (*options.parts, options.output)} == {".html"}:
        from pytest_a2a3sim.pictures.page.merge import merge_pages  # noqa: PLC0415 - as above

        count = merge_pages(options.parts, options.output)
    else:
        count = merge(options.parts, options.output)
    print(f"{options.output}: {count} cases of {len(options.parts)} reports")  # noqa: T201 - this is the command line
    return 0
