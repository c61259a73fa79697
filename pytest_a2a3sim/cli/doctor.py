"""``a2a3sim doctor``: what is there of what cases and optional parts need."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import A2A3SimError
from pytest_a2a3sim.model.settings import default_device_memory, usable_cpus
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

Line = tuple[str, bool, str]
"""What it is about, whether all is well, and what there is or what to do."""

_OPTIONAL = {
    "xdist": ("pytest -n", "pip install pytest-xdist"),
    "ml_dtypes": ("bfloat16 and float8 in NumPy", "pip install ml-dtypes"),
    "torch": ("goldens that use torch", "pip install torch"),
    "bokeh": ("pytest --sim-html", "pip install 'pytest-a2a3sim[html]'"),
    "pytest_timeout": ("pytest.mark.timeout", "pip install pytest-timeout"),
    "pytest_repeat": ("pytest --count", "pip install pytest-repeat"),
}
_TOOLS = {
    "ccache": ("objects shared between machines, as in CXX='ccache g++'", "install ccache"),
    "dot": ("a2a3sim graph -o FILE.svg and FILE.png", "install graphviz"),
    "gdb": ("debugging a kernel, with --sim-isolation=none", "install gdb"),
}


def declare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    parser = commands.add_parser("doctor", help="say what this machine has of what cases need")
    parser.set_defaults(handler=run)


def run(options: argparse.Namespace) -> int:
    """Prints what is there; 1 if something that every case needs is missing."""
    del options
    needed = list(_needed())
    print(f"a2a3sim {__version__}, Python {platform.python_version()}, {platform.machine()}")  # noqa: T201 - this is the command line
    for title, lines in (
        ("needed", needed),
        ("this machine", list(_machine())),
        ("optional", list(_optional())),
    ):
        print(f"{title}:")  # noqa: T201 - as above
        for name, good, text in lines:
            print(f"  {'ok     ' if good else 'missing'}  {name}: {text}")  # noqa: T201 - as above
    return 0 if all(good for _, good, _ in needed) else 1


def _needed() -> Iterator[Line]:
    from pytest_a2a3sim.building.toolchain import find_toolchain  # noqa: PLC0415 - not needed by others

    try:
        yield "compiler", True, find_toolchain().version
    except A2A3SimError as error:
        yield "compiler", False, str(error).splitlines()[0]
    engine = importlib.util.find_spec("pytest_a2a3sim._engine")
    there = engine is not None and engine.origin is not None
    yield "engine", there, str(engine.origin) if engine else "pip install pytest-a2a3sim again"


def _machine() -> Iterator[Line]:
    from pytest_a2a3sim.building.store.cache import Cache  # noqa: PLC0415 - as above
    from pytest_a2a3sim.cli.cache import info_lines  # noqa: PLC0415 - as above

    directory, size, *_ = info_lines(Cache().statistics())
    yield "build cache", True, f"{directory.partition(': ')[2]}, {size.partition(': ')[2]}"
    yield "CPUs", True, f"{usable_cpus()} usable"
    yield "device memory", True, f"{default_device_memory() >> 30} GiB (--sim-device-memory)"


def _optional() -> Iterator[Line]:
    root = os.environ.get("PTO_ISA_ROOT")
    headers = Path(root or "") / "include" / "pto"
    if root and headers.is_dir():
        yield "PTO ISA", True, root
    else:
        problem = f"{headers} is no directory" if root else "PTO_ISA_ROOT is not set"
        yield "PTO ISA", False, f"{problem}; needed by kernels that include its headers"
    for module, (purpose, remedy) in _OPTIONAL.items():
        there = importlib.util.find_spec(module) is not None
        yield module, there, purpose if there else f"{purpose}: {remedy}"
    for tool, (purpose, remedy) in _TOOLS.items():
        path = shutil.which(tool)
        yield tool, path is not None, path or f"{purpose}: {remedy}"
