"""What begins before a golden.py is executed, which may take seconds: it may import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.loading.kernel_config import directory_of_config, load_kernel_config
from pytest_a2a3sim.plugin.blas import import_numpy
from pytest_a2a3sim.plugin.options import switched

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_a2a3sim.model.spec import KernelConfig
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


def begin(config: pytest.Config, simulator: Simulator, golden: Path) -> KernelConfig:
    """Begins to compile the orchestration of the first golden.py, where its cases are going to run.

    Everything else waits until all is known: the first case needs its kernels before another one's
    orchestration, and those with the same heavy includes are compiled together.

    Returns:
        The kernel_config.py of the golden.py.

    Raises:
        GoldenError: that is missing, cannot be executed, or says something impossible.
    """
    kernel_config = load_kernel_config(directory_of_config(golden.absolute()))
    if _HAS_BEGUN not in config.stash and _is_going_to_run(config, golden):
        simulator.compile_ahead(kernel_config)
    config.stash[_HAS_BEGUN] = True
    import_numpy()  # nearly every golden.py does that
    return kernel_config


def _is_going_to_run(config: pytest.Config, golden: Path) -> bool:
    is_alone = not hasattr(config, "workerinput") and config.getoption("dist", "no") == "no"
    return (
        is_alone
        and not switched(config, "affected")
        and not any(config.getoption(name, None) for name in _DESELECTING)
        and not _mentions_skipping(golden)
    )


def _mentions_skipping(golden: Path) -> bool:
    try:
        return b"skip" in golden.read_bytes()
    except OSError:  # loading it tells
        return True
