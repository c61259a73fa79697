"""What begins before a golden.py is executed, which may take seconds: it may import torch."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.loading.kernel_config import directory_of_config, load_kernel_config
from pytest_a2a3sim.plugin.options import switched

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.simulator import Simulator

_HAS_BEGUN: pytest.StashKey[bool] = pytest.StashKey()

# Options with which a case that is collected may not run.
_DESELECTING = (
    "collectonly",
    "keyword",
    "markexpr",
    "deselect",
    "lf",
    "stepwise",
    "splits",
    "sim_since",
)

# What a kernel_config.py does not need to name files, and what could do something twice.
_IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([\w.]+)", re.MULTILINE)
_PLAIN = frozenset({b"__future__", b"os", b"os.path", b"pathlib", b"typing"})
_DOES_MORE = re.compile(rb"print|open|write|import_|importlib|exec|eval|skip|system|mkdir")


def compile_ahead(config: pytest.Config, simulator: Simulator, golden: Path) -> None:
    """Begins to compile the orchestration of the first golden.py, where its cases are going to run.

    Everything else waits until all is known: the first case needs its kernels before another one's
    orchestration, and those with the same heavy includes are compiled together. What is found out
    here is forgotten: golden.py may do what kernel_config.py then depends on.
    """
    if _HAS_BEGUN in config.stash:
        return
    config.stash[_HAS_BEGUN] = True
    with contextlib.suppress(Exception):  # the cases will tell
        directory = directory_of_config(golden.absolute())
        text = (directory / "kernel_config.py").read_bytes()
        if _is_going_to_run(config, golden) and _is_plain(text):
            simulator.compile_ahead(load_kernel_config(directory))


def _is_going_to_run(config: pytest.Config, golden: Path) -> bool:
    is_alone = not hasattr(config, "workerinput") and config.getoption("dist", "no") == "no"
    return (
        is_alone
        and not switched(config, "affected")
        and not any(config.getoption(name, None) for name in _DESELECTING)
        and b"skip" not in golden.read_bytes()
    )


def _is_plain(text: bytes) -> bool:
    """Whether executing a kernel_config.py once more, and early, changes nothing."""
    return _PLAIN.issuperset(_IMPORT.findall(text)) and not _DOES_MORE.search(text)
