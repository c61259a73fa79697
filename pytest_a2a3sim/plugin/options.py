"""pytest's command line and ini file -> Settings."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim.model.option import DEFAULT_DUMP_DIR
from pytest_a2a3sim.model.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from pytest_a2a3sim.model.option import Option
    from pytest_a2a3sim.model.settings import Settings

REBUILD_SINCE = "a2a3sim_rebuild_since"

AT_THE_END: pytest.StashKey[ExitStack] = pytest.StashKey()
"""What is done when pytest itself has ended whatever it does for a session."""

_PREFIX = "--sim-"
_PICTURED = ("sim_html", "sim_trace", "sim_artifacts")  # what shows the arguments of tasks
_COUNTED = ("sim_json", "sim_baseline")  # what has the lengths of critical paths
_HEADER_FLAGS = ("-I", "-isystem", "-iquote", "-idirafter", "-include", "-imacros")
_INI_TYPES: dict[str, Any] = {"flag": "bool", "words": "args", "lines": "linelist"}
_INI_DEFAULTS: dict[str, Any] = {"flag": False, "words": [], "lines": []}


def declare(parser: pytest.Parser) -> None:
    """Declares every option and ini key; an option wins over its ini key."""
    group = parser.getgroup("a2a3sim", "simulation of Ascend kernels (golden.py)")
    for option in OPTIONS:
        text = option.help.format(p=_PREFIX)
        if option.option:
            described = f"{text} (ini: {option.ini_name})" if option.ini else text
            group.addoption(option.flag(_PREFIX), help=described, **_argument(option))
        for word in option.words:
            # An option of its own: one whose value may be missing would take the path after it.
            group.addoption(
                f"{option.flag(_PREFIX)}={word}",
                action="store_const",
                const=word,
                dest=option.ini_name,
                help=argparse.SUPPRESS,
            )
        if option.ini:
            parser.addini(
                option.ini_name,
                text,
                type=_INI_TYPES.get(option.kind),
                default=_INI_DEFAULTS.get(option.kind, ""),
            )


def are_given(config: pytest.Config) -> bool:
    """Whether the command line or the ini file has any of them."""
    return any(
        (option.option and config.getoption(option.ini_name) not in {None, False})
        or (option.ini and config.getini(option.ini_name))
        for option in OPTIONS
    )


def _argument(option: Option) -> dict[str, Any]:
    if option.kind == "flag":
        return {"action": "store_true"}
    if option.kind == "switch":
        return {"action": "store_const", "const": option.words[0]}
    if option.kind == "count":
        return {"metavar": option.metavar, "type": int, "default": 0}
    return {"metavar": option.metavar}


def settings(config: pytest.Config) -> Settings:
    """The session's settings.

    Raises:
        pytest.UsageError: an option or ini value has no meaning.
    """
    from pytest_a2a3sim.model.settings import settings_of  # noqa: PLC0415 - not every session needs it

    values = {option.field: _value(config, option) for option in OPTIONS if option.field}
    values["cxxflags"] = anchored(config.getini("sim_cxxflags"), config.rootpath)
    if root := values["pto_isa_root"]:
        values["pto_isa_root"] = str(config.rootpath / root)
    values["dump_dir"] = str(
        config.invocation_params.dir / (values["dump_dir"] or DEFAULT_DUMP_DIR)
    )
    values["rebuild_since"] = rebuild_since(config)
    values["records_dependencies"] = any(map(config.getoption, _COUNTED))
    values["records_arguments"] = any(map(config.getoption, _PICTURED))
    return settings_of(values, default_threads=default_threads(config))


def anchored(flags: Sequence[str], root: Path) -> tuple[str, ...]:
    """Compiler flags in which names of headers and their directories that exist are absolute.

    Relative ones start at ``root``, whatever directory the compiler runs in.
    """

    def anchor(name: str) -> str:
        return str(root / name) if (root / name).exists() else name

    made: list[str] = []
    for previous, flag in zip(("", *flags), flags, strict=False):
        option = next((option for option in _HEADER_FLAGS if flag.startswith(option)), None)
        if previous in _HEADER_FLAGS:
            made.append(anchor(flag))
        elif option is None or flag == option:
            made.append(flag)
        else:
            made.append(option + anchor(flag.removeprefix(option)))
    return tuple(made)


def rebuild_since(config: pytest.Config) -> float:
    """Seconds since the epoch before which nothing compiled counts; the same in all workers."""
    if not config.getoption("sim_rebuild"):
        return 0.0
    worker = getattr(config, "workerinput", {})
    return float(worker.get(REBUILD_SINCE) or time.time())


def is_strict(config: pytest.Config) -> bool:
    """Whether a golden that proves nothing fails its case."""
    return bool(config.getoption("sim_strict") or config.getini("sim_strict"))


def value_of(config: pytest.Config, name: str) -> Any:
    """What the command line says of an option that is pytest's alone, or the ini file; or None.

    Raises:
        pytest.UsageError: it has no meaning.
    """
    return _value(config, next(option for option in OPTIONS if option.name == name))


def switched(config: pytest.Config, name: str) -> str:
    """The word of a switch; empty where nobody says one.

    Raises:
        pytest.UsageError: the ini file says none that it knows.
    """
    option = next(option for option in OPTIONS if option.name == name)
    given = getattr(config.known_args_namespace, option.ini_name, None)
    if given is None and (given := str(config.getini(option.ini_name))) not in {"", *option.words}:
        known = ", ".join(option.words)
        raise pytest.UsageError(f"ini {option.ini_name} must be one of {known}; got {given!r}")
    return "" if given == "off" else str(given)


def deciding(config: pytest.Config) -> list[tuple[str, str]]:
    """The options that were given and that what becomes of a case may depend on, as texts."""
    given: dict[str, Any] = {}
    for option in OPTIONS:
        if option.decides:
            value = config.getoption(option.ini_name) if option.option else None
            if value in {None, False} and option.ini:
                value = config.getini(option.ini_name)
            given[f"option {option.ini_name}"] = value
    given["warnings"] = [*(config.option.pythonwarnings or ()), *config.getini("filterwarnings")]
    given["ini usefixtures"] = config.getini("usefixtures")
    path = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    for name, entries in (("ini pythonpath", config.getini("pythonpath")), ("PYTHONPATH", path)):
        given[name] = [_seen_from(config.rootpath, Path(entry)) for entry in entries if str(entry)]
    texts = {
        name: "\n".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in given.items()
        if value not in (None, False, "", [])
    }
    return list(texts.items())


def _seen_from(root: Path, directory: Path) -> str:
    """A directory that goes with the project is named from there: workers have it elsewhere."""
    goes_with_it = directory.is_relative_to(root) or root.is_relative_to(directory)
    return os.path.relpath(directory, root) if goes_with_it else str(directory)


def default_threads(config: pytest.Config) -> int:
    """Usable CPUs, shared out among the xdist workers."""
    from pytest_a2a3sim.model.settings import usable_cpus  # noqa: PLC0415 - not every session needs it

    worker = getattr(config, "workerinput", None)
    if worker is not None:
        workers = int(worker["workercount"])
    else:
        workers = len(config.getoption("tx", None) or ()) or 1
    return max(1, usable_cpus() // workers)


def _value(config: pytest.Config, option: Option) -> Any:
    """What the command line says, or the ini file; None where neither does."""
    given = config.getoption(option.ini_name) if option.option else None
    if option.kind == "flag":
        return bool(given or (option.ini and config.getini(option.ini_name)))
    if given is not None:
        return _parsed(option.flag(_PREFIX), str(given), option)
    text = config.getini(option.ini_name) if option.ini else ""
    if option.kind == "lines":
        return tuple(_parsed(f"ini {option.ini_name}", line, option) for line in text)
    return _parsed(f"ini {option.ini_name}", text, option) if text else None


def _parsed(source: str, text: str, option: Option) -> Any:
    try:
        return option.parse(text)
    except ValueError as error:
        from pytest_a2a3sim.model.errors import SettingsError  # noqa: PLC0415 - only on failure

        raise pytest.UsageError(str(SettingsError(f"{source} {error}; got {text!r}"))) from None
