"""``a2a3sim cache``: looking at the build cache, and emptying it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import SettingsError

if TYPE_CHECKING:
    import argparse

    from pytest_a2a3sim.building.store.cleanup import Statistics
    from pytest_a2a3sim.building.unit import Unit
    from pytest_a2a3sim.building.why import Why

_KINDS = {
    "objects": "shared objects",
    "manifests": "sources known",
    "headers": "precompiled headers",
    "goldens": "expected outputs",
    "passes": "cases that passed",
    "inputs": "what they depend on",
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
    from pytest_a2a3sim.building.store.cache import Cache  # noqa: PLC0415 - not needed by `a2a3sim run --help`

    cache = Cache()
    if options.action == "info":
        lines = info_lines(cache.statistics())
        lines += [f"not used: {cache.refused}"] if cache.refused else []
    elif options.action == "clear":
        lines = [f"removed {_files_and_bytes(cache.clear())} from {cache.directory}"]
    else:
        from pytest_a2a3sim.building.why import why  # noqa: PLC0415 - as above

        units = _units_at(_existing(options.path), tuple(shlex.split(options.cxxflags)))
        lines = [line for found in why(units, cache) for line in (*why_lines(found), "")][:-1]
    print("\n".join(lines))  # noqa: T201 - this is the command line
    return 0


def _units_at(path: Path, session_flags: tuple[str, ...]) -> list[Unit]:
    """A source, or every source of a golden directory.

    Raises:
        SettingsError: no kernel_config.py near the path names it.
        GoldenError: kernel_config.py is wrong.
    """
    from pytest_a2a3sim.building.unit import units  # noqa: PLC0415 - as above
    from pytest_a2a3sim.loading.kernel_config import load_kernel_config  # noqa: PLC0415 - as above

    config = load_kernel_config(_kernels_directory(path))
    every = dict.fromkeys(units(config, session_flags, compiler=config.compiler))
    wanted = [unit for unit in every if path.is_dir() or unit.source.resolve() == path]
    if not wanted:
        raise SettingsError(
            f"kernel_config.py does not name this source\n  {path} is not in {config.path}\n"
            f"It names: {', '.join(str(unit.source) for unit in every)}"
        )
    return wanted


def _kernels_directory(path: Path) -> Path:
    for directory in (path / "kernels", path, *path.parents):
        if (directory / "kernel_config.py").is_file():
            return directory
    raise SettingsError(
        f"there is no kernel_config.py\n  above {path}\n"
        "Name a source in a kernels/ directory, or a golden directory."
    )


def _existing(path: Path) -> Path:
    if not path.exists():
        raise SettingsError(f"there is no such source or golden directory\n  {path} does not exist")
    return path.resolve()


def info_lines(held: Statistics) -> list[str]:
    """Where the cache is, and files and bytes by kind."""
    width = max(map(len, _KINDS.values()))
    return [
        f"directory: {held.directory}",
        f"size: {_bytes(held.size)} of {_bytes(held.limit)}",
        *(
            f"  {title:<{width}}  {held.kinds[kind][0]:>6}  {_bytes(held.kinds[kind][1]):>10}"
            for kind, title in _KINDS.items()
        ),
    ]


def why_lines(found: Why) -> list[str]:
    """The parts of a source's key, the files that it reads, and what would happen now."""
    unit = found.unit
    lines = [f"{unit.kind} {unit.source}"]
    if found.reasons:
        lines.append("  would be compiled now:")
        lines += [f"    {reason}" for reason in found.reasons]
    else:
        lines.append("  would be taken from the cache")
    lines.append(f"  key {found.key}, made from")
    lines += [f"    {label}: {_one_line(value)}" for label, value in found.parts]
    if found.files:
        lines.append(f"  {len(found.files)} files, by their content")
        lines += [f"    {path}" for path in found.files]
    return lines


def _one_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]


def _files_and_bytes(held: Statistics) -> str:
    count = sum(count for count, _ in held.kinds.values())
    return f"{count} files, {_bytes(held.size)},"


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:  # noqa: PLR2004 - the ratio of these units
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} GiB"
