"""The pytest plugin: what pytest finds here are the hooks. Only this folder imports pytest."""

from pytest_a2a3sim.plugin.entry import (
    a2a3sim,
    pytest_addoption,
    pytest_collect_file,
    pytest_configure,
    pytest_load_initial_conftests,
)

__all__ = [
    "a2a3sim",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_configure",
    "pytest_load_initial_conftests",
]
