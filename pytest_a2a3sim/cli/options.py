"""Options of the command line that say how to simulate, and what they make of the settings."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.model.options import OPTIONS
from pytest_a2a3sim.model.settings import Settings, settings_of, usable_cpus

if TYPE_CHECKING:
    import argparse

    from pytest_a2a3sim.model.option import Option

_PREFIX = "--"


def declare(parser: argparse.ArgumentParser) -> None:
    """Adds the options of the table that the command line has to a command."""
    for option in OPTIONS:
        if option.command:
            action: dict[str, Any] = (
                {"action": "store_true"} if option.kind == "flag" else {"metavar": option.metavar}
            )
            parser.add_argument(
                option.flag(_PREFIX), help=option.help.format(p=_PREFIX), dest=option.name, **action
            )


def declare_directory(parser: argparse.ArgumentParser) -> None:
    """Adds what names a golden directory: itself, or as the PTO runtime's own runner has it."""
    parser.add_argument("directory", nargs="?", metavar="DIR", help="golden directory")
    parser.add_argument(
        "-k", "--kernels", help="directory of kernel_config.py (default: kernels/, or DIR itself)"
    )
    parser.add_argument("-g", "--golden", help="golden.py")


def golden_and_kernels(arguments: argparse.Namespace) -> tuple[Path, Path | None]:
    """golden.py, and the directory of kernel_config.py if the arguments name one.

    Raises:
        SettingsError: they name none, or two.
    """
    directory, golden = arguments.directory, arguments.golden
    if (directory is None) == (golden is None):
        raise SettingsError(
            f"name a golden directory or its golden.py, {'not both' if golden else 'as in'}: "
            f"`a2a3sim {arguments.command} DIR` or `a2a3sim {arguments.command} -k KERNELS -g "
            "GOLDEN`"
        )
    path = Path(directory or golden)
    path = path / "golden.py" if directory is not None and path.suffix != ".py" else path
    return path, Path(arguments.kernels) if arguments.kernels else None


def settings(arguments: argparse.Namespace) -> Settings:
    """What the options say.

    Raises:
        SettingsError: one has no meaning.
    """
    given = vars(arguments)
    values = {
        option.field: _value(option, given[option.name])
        for option in OPTIONS
        if option.command and option.field
    }
    values["rebuild_since"] = time.time() if given["rebuild"] else None
    values["records_arguments"] = given.get("trace") is not None
    return settings_of(values, default_threads=usable_cpus())


def _value(option: Option, text: Any) -> Any:
    if text is None or option.kind == "flag":
        return text
    if option.kind == "words":
        return tuple(shlex.split(text))
    try:
        return option.parse(text)
    except ValueError as error:
        raise SettingsError(f"{option.flag(_PREFIX)} {error}; got {text!r}") from None
