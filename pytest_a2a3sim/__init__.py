"""Test Ascend AI processor kernels without the accelerator.

As a pytest plugin it collects every ``golden.py``; :func:`run_case` does the same from Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import (
    A2A3SimError,
    A2A3SimWarning,
    BuildError,
    CorruptedState,
    EngineError,
    GoldenError,
    GraphError,
    KernelException,
    KernelExit,
    KernelFault,
    KernelHang,
    Mismatch,
    OrchestrationError,
    OrderDependence,
    OutOfMemory,
    RunError,
    SanitizerError,
    SettingsError,
    UnwrittenOutput,
    VacuousGolden,
)
from pytest_a2a3sim.model.schedule import Schedule
from pytest_a2a3sim.model.settings import Settings
from pytest_a2a3sim.simulator import Simulator, run_case
from pytest_a2a3sim.version import __version__

if TYPE_CHECKING:
    from pytest_a2a3sim.model.diff import Difference, TensorDiff
    from pytest_a2a3sim.model.profile import Profile
    from pytest_a2a3sim.model.recording import Graph
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.sanitizer import Finding, SanitizerReport, Suppression

__all__ = [
    "A2A3SimError",
    "A2A3SimWarning",
    "BuildError",
    "CaseResult",
    "CorruptedState",
    "Difference",
    "EngineError",
    "Finding",
    "GoldenError",
    "Graph",
    "GraphError",
    "KernelException",
    "KernelExit",
    "KernelFault",
    "KernelHang",
    "Mismatch",
    "OrchestrationError",
    "OrderDependence",
    "OutOfMemory",
    "Profile",
    "RunError",
    "SanitizerError",
    "SanitizerReport",
    "Schedule",
    "Settings",
    "SettingsError",
    "Simulator",
    "Suppression",
    "TensorDiff",
    "UnwrittenOutput",
    "VacuousGolden",
    "__version__",
    "run_case",
]

# pytest loads this package at every start, in projects without a golden file too: what only a case
# needs is imported on first use.
_LAZY = {
    "CaseResult": "result",
    "Difference": "diff",
    "Finding": "sanitizer",
    "Graph": "recording",
    "Profile": "profile",
    "SanitizerReport": "sanitizer",
    "Suppression": "sanitizer",
    "TensorDiff": "diff",
}


def __getattr__(name: str) -> Any:
    """Imports what is not imported eagerly."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - see above

    return getattr(importlib.import_module(f"{__name__}.model.{_LAZY[name]}"), name)
