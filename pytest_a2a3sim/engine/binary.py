"""Where the compiled engine is. Looking for it imports nothing native."""

from __future__ import annotations

import importlib.machinery
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.model.errors import EngineError
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

_SOURCES = (".h", ".cpp")


def find_engine() -> Path:
    """The compiled module: this package's own, or that of an installed package of equal sources.

    ``python -m pytest`` in a checkout imports the package from there, and after ``pip install .``
    the engine is in the installed one only.

    Raises:
        EngineError: there is none.
    """
    own = _engine_in(PACKAGE)
    if own is not None:
        return own
    others = [(directory, file) for directory in _packages() if (file := _engine_in(directory))]
    for directory, file in others:
        if _sources(directory) == _sources(PACKAGE):
            return file
    found = f"; that in {others[0][0]} was built from other sources" if others else ""
    raise EngineError(
        f"{PACKAGE} has no compiled engine{found}\n"
        f"Run `pip install -e {PACKAGE.parent}` to build it there. To use an installed package, "
        "run `pytest` instead of `python -m pytest`, which prefers the current directory."
    )


def _engine_in(package: Path) -> Path | None:
    files = (package / f"_engine{suffix}" for suffix in importlib.machinery.EXTENSION_SUFFIXES)
    return next((file for file in files if file.is_file()), None)


def _packages() -> Iterator[Path]:
    """Other directories of this package's name that Python could import."""
    for entry in sys.path:
        directory = Path(entry or ".").resolve() / PACKAGE.name
        if directory != PACKAGE:
            yield directory


def _sources(package: Path) -> dict[str, bytes]:
    native = package / "native"
    return {
        str(path.relative_to(native)): path.read_bytes()
        for path in native.rglob("*")
        if path.suffix in _SOURCES
    }
