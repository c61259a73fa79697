"""Fixtures for tests that run pytest inside pytest."""

from __future__ import annotations

import numpy  # noqa: F401, ICN001 - pytester unloads what inner runs load; NumPy loads only once
import pytest

from tests.golden_dirs import GoldenDir


@pytest.fixture(params=[(), ("-n", "2", "-p", "no:hypothesispytest")], ids=["plain", "xdist"])
def plugin_args(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Arguments that make the same test run without and with xdist."""
    arguments: tuple[str, ...] = request.param
    return arguments


@pytest.fixture
def doubler(pytester: pytest.Pytester) -> GoldenDir:
    """A golden directory below pytester's rootdir."""
    return GoldenDir.create(pytester.path / "doubler")
