"""Running the Python that users write: golden.py and kernel_config.py."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import traceback
import types
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_a2a3sim.loading.siblings import Siblings
from pytest_a2a3sim.loading.stand_ins import StandIns
from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.version import PACKAGE

if TYPE_CHECKING:
    from collections.abc import Iterator

HINTS = {
    "pytest.param cannot add pytest.mark.usefixtures": (
        "Ask for the fixture in an argument, as in `def generate_inputs(params, fixture)`, or use "
        "it for all cases: `pytestmark = pytest.mark.usefixtures(...)`."
    ),
}
"""What to do about exceptions whose text does not say it."""


def load_module(
    path: Path, siblings: Siblings | None = None, stand_ins: StandIns | None = None
) -> types.ModuleType:
    """Executes the file as a module of its own.

    The module's name is derived from the path, so that two files never share one. It is compiled
    from the text each time: no bytecode file is read or left behind.

    Args:
        path: the file.
        siblings: modules beside it, for a file whose functions import them later, too.
        stand_ins: likewise, for modules of the PTO runtime.

    Raises:
        GoldenError: the file cannot be read or executed.
    """
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
    module = types.ModuleType(f"_a2a3sim_{path.stem}_{digest}")
    module.__file__ = str(path)
    module.__package__ = _package_of(path.parent)
    siblings = siblings or Siblings(path.parent)
    with user_code(path, "cannot be loaded"), siblings.importable():
        text = path.read_bytes()
        code = compile(text, str(path), "exec")
        sys.modules[module.__name__] = module
        with (stand_ins or StandIns(path, text)).importable():
            exec(code, module.__dict__)  # noqa: S102 - executing the user's file is the purpose
    return module


def _package_of(directory: Path) -> str:
    """A package of what lies in a directory, for ``from . import``."""
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    package = types.ModuleType(f"_a2a3sim_in_{digest}")
    package.__path__ = [str(directory)]
    return sys.modules.setdefault(package.__name__, package).__name__


@contextlib.contextmanager
def user_code(path: Path, what: str) -> Iterator[None]:
    """Turns an exception of the user's code into a GoldenError that shows only their frames.

    ``exit()`` counts as an exception; pytest's own outcomes (skip, fail, xfail) and
    KeyboardInterrupt pass through.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        if isinstance(error, GoldenError):
            raise
        summary = "".join(traceback.format_exception_only(error)).strip().splitlines()[-1]
        hint = next((f"\n{HINTS[said]}" for said in HINTS if said in summary), "")
        message = f"{path.name} {what}: {summary}\n  in {path}{hint}"
        details = user_traceback(error)
        raise GoldenError(f"{message}\n{details}" if details else message) from None


def user_traceback(error: BaseException) -> str:
    """The frames of an exception that are in the user's code; empty where there are none."""
    report = traceback.TracebackException.from_exception(error)
    frames = [
        frame
        for frame in report.stack
        if PACKAGE not in Path(frame.filename).parents and not frame.filename.startswith("<")
    ]
    report.stack = traceback.StackSummary.from_list(frames)
    if not frames and not isinstance(error, SyntaxError):
        return ""
    return "".join(report.format()).rstrip()
