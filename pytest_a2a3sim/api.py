"""Running golden directories from Python, without pytest."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.settings import Settings, usable_cpus
from pytest_a2a3sim.simulator import Simulator

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from pytest_a2a3sim.result import CaseResult


def run_case(
    golden: str | os.PathLike[str],
    case: str | None = None,
    *,
    params: Mapping[str, Any] | None = None,
    kernels: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
) -> CaseResult:
    """Builds, simulates and compares one case of a golden directory.

    Args:
        golden: golden.py, or the directory that holds it.
        case: name of a case of the file; its first that runs by default unless given.
        params: run with these params instead of a case of the file.
        kernels: directory of kernel_config.py; ``kernels`` beside golden.py by default.
        settings: how to simulate; by default on every usable CPU.

    Returns:
        The result, whether the outputs match (``result.passed``) or not; ``result.check()``
        raises :class:`Mismatch` if they do not.

    Raises:
        A2A3SimError: of the class that says why the outputs could not be compared.
    """
    simulator = Simulator(settings or Settings(threads=usable_cpus()))
    with contextlib.closing(simulator):
        return simulator.run_case(golden, case, params=params, kernels=kernels)
