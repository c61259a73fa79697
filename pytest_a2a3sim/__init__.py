"""Test Ascend AI processor kernels without the accelerator.

As a pytest plugin it collects every ``golden.py``; :func:`run_case` does the same from Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_a2a3sim.model.diff import Difference, TensorDiff
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
        Regression,
        RunError,
        SanitizerError,
        SettingsError,
        UnwrittenOutput,
        VacuousGolden,
    )
    from pytest_a2a3sim.model.profile import Profile
    from pytest_a2a3sim.model.recording import Graph
    from pytest_a2a3sim.model.result import CaseResult
    from pytest_a2a3sim.model.sanitizer import Finding, SanitizerReport, Suppression
    from pytest_a2a3sim.model.schedule import Schedule
    from pytest_a2a3sim.model.settings import Settings
    from pytest_a2a3sim.simulator import Simulator, run_case
    from pytest_a2a3sim.version import __version__

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
    "Regression",
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

# pytest loads this package at every start, in projects without a golden file too: what stands here
# is imported on first use.
_MODULES = {
    "model.diff": ("Difference", "TensorDiff"),
    "model.errors": (
        "A2A3SimError",
        "A2A3SimWarning",
        "BuildError",
        "CorruptedState",
        "EngineError",
        "GoldenError",
        "GraphError",
        "KernelException",
        "KernelExit",
        "KernelFault",
        "KernelHang",
        "Mismatch",
        "OrchestrationError",
        "OrderDependence",
        "OutOfMemory",
        "Regression",
        "RunError",
        "SanitizerError",
        "SettingsError",
        "UnwrittenOutput",
        "VacuousGolden",
    ),
    "model.profile": ("Profile",),
    "model.recording": ("Graph",),
    "model.result": ("CaseResult",),
    "model.sanitizer": ("Finding", "SanitizerReport", "Suppression"),
    "model.schedule": ("Schedule",),
    "model.settings": ("Settings",),
    "simulator": ("Simulator", "run_case"),
    "version": ("__version__",),
}


def __getattr__(name: str) -> Any:
    """Imports what is asked for."""
    module = next((module for module, names in _MODULES.items() if name in names), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - see above

    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
