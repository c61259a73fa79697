"""What begins before a golden.py is executed, which may take seconds: it may import torch."""

from __future__ import annotations

import contextlib
import re
import warnings
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.loading.kernel_config import directory_of_config, load_kernel_config
from pytest_a2a3sim.loading.plain_config import is_plain
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

# A golden.py that may be skipped, or does more than compute: it could meet the compiler.
_DOES_MORE = re.compile(
    rb"skip|wait|fork|limit|signal|SIG|umask|_exit|multiproc|subproc|Popen|system"
)


def compile_ahead(config: pytest.Config, simulator: Simulator, golden: Path) -> None:
    """Begins to compile the orchestration of the first golden.py, where its cases are going to run.

    Everything else waits until all is known: the first case needs its kernels before another one's
    orchestration, and those with the same heavy includes are compiled together. What is found out
    here is forgotten: golden.py may do what kernel_config.py then depends on.
    """
    if _HAS_BEGUN in config.stash:
        return
    config.stash[_HAS_BEGUN] = True
    if not _is_going_to_run(config):
        return
    with contextlib.suppress(Exception), warnings.catch_warnings():  # the cases will tell
        warnings.simplefilter("ignore")
        directory = directory_of_config(golden.absolute())
        text = (directory / "kernel_config.py").read_bytes()
        if is_plain(text) and not _DOES_MORE.search(golden.read_bytes()):
            simulator.compile_ahead(load_kernel_config(directory))


def _is_going_to_run(config: pytest.Config) -> bool:
    is_alone = not hasattr(config, "workerinput") and config.getoption("dist", "no") == "no"
    return (
        is_alone
        and not switched(config, "affected")
        and not any(config.getoption(name, None) for name in _DESELECTING)
    )
