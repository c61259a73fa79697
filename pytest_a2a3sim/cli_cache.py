"""``a2a3sim cache``: looking at the build cache, and emptying it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.errors import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_a2a3sim.building.cache import Usage
    from pytest_a2a3sim.building.diagnosis import Diagnosis

_KINDS = {
    "objects": "shared objects",
    "manifests": "sources known",
    "headers": "precompiled headers",
    "compilers": "compilers known",
}


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the subcommand to the command line."""
    cache = commands.add_parser("cache", help="look at the build cache, or empty it")
    cache.set_defaults(handler=run)
    actions = cache.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("info", help="where it is and what it holds")
    actions.add_parser("clear", help="remove everything")
    explain = actions.add_parser(
        "explain", help="what decides whether a source is compiled, and whether it would be now"
    )
    explain.add_argument(
        "path", type=Path, help="a source that a kernel_config.py names, or a golden directory"
    )
    explain.add_argument(
        "--cxxflags", default="", help="what the ini key sim_cxxflags holds where pytest runs"
    )


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    from pytest_a2a3sim.building.cache import Cache  # noqa: PLC0415 - not needed by `a2a3sim run --help`

    cache = Cache()
    if options.action == "info":
        lines = info_lines(cache.usage())
    elif options.action == "clear":
        lines = [f"removed {_files_and_bytes(cache.clear())} from {cache.directory}"]
    else:
        from pytest_a2a3sim.building.diagnosis import diagnose  # noqa: PLC0415 - as above

        flags = tuple(shlex.split(options.cxxflags))
        diagnoses = diagnose(_existing(options.path), flags, cache)
        lines = [line for diagnosis in diagnoses for line in (*diagnosis_lines(diagnosis), "")][:-1]
    print("\n".join(lines))  # noqa: T201 - this is the command line
    return 0


def _existing(path: Path) -> Path:
    if not path.exists():
        raise SettingsError(f"{path} does not exist; name a source or a golden directory")
    return path.resolve()


def info_lines(usage: Usage) -> list[str]:
    """Where the cache is, and files and bytes by kind."""
    width = max(map(len, _KINDS.values()))
    return [
        f"directory: {usage.directory}",
        f"size: {_bytes(usage.size)} of {_bytes(usage.limit)}",
        *(
            f"  {title:<{width}}  {usage.kinds[kind][0]:>6}  {_bytes(usage.kinds[kind][1]):>10}"
            for kind, title in _KINDS.items()
        ),
    ]


def diagnosis_lines(diagnosis: Diagnosis) -> list[str]:
    """The parts of a source's key, its headers, and what would happen now."""
    unit = diagnosis.unit
    lines = [f"{unit.kind} {unit.source}"]
    if diagnosis.reasons:
        lines.append("  would be compiled now:")
        lines += [f"    {reason}" for reason in diagnosis.reasons]
    else:
        lines.append("  would be taken from the cache")
    lines.append(f"  key {diagnosis.key}, made from")
    lines += [f"    {label}: {_one_line(value)}" for label, value in diagnosis.parts]
    if diagnosis.headers:
        lines.append(f"  {len(diagnosis.headers)} headers, by their content")
        lines += [f"    {path}" for path in diagnosis.headers]
    return lines


def _one_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]


def _files_and_bytes(usage: Usage) -> str:
    count = sum(count for count, _ in usage.kinds.values())
    return f"{count} files, {_bytes(usage.size)},"


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:  # noqa: PLR2004 - the ratio of these units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
