"""Settings of the property tests; the root's conftest.py also serves those who lack hypothesis."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A loaded machine is no failure.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
