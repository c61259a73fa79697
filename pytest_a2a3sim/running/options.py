"""A session's settings -> how a case is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_a2a3sim.engine.request import RunOptions
from pytest_a2a3sim.model.schedule import Schedule, further_orders
from pytest_a2a3sim.model.settings import (
    DEFAULT_PLATFORM,
    MOST_ORDER_CPU_SECONDS,
    default_device_memory,
)

if TYPE_CHECKING:
    from pytest_a2a3sim.model.chip import Platform
    from pytest_a2a3sim.model.settings import Settings

SANITIZED_SLOWDOWN = 20
"""How much longer a sanitized task may take without being called a hang."""


def options_of(
    settings: Settings, block_dim: int, platform: Platform = DEFAULT_PLATFORM
) -> RunOptions:
    """How the first run of a case is made.

    One that is sanitized or dumped is serial; a sanitized one is in need of no other order.
    """
    checks = settings.sanitize
    schedule = settings.schedule
    is_observed = bool(checks) or settings.dump is not None
    if is_observed and schedule.is_default:
        schedule = Schedule("creation")
    return RunOptions(
        block_dim=block_dim,
        threads=1 if is_observed else settings.threads,
        hang_timeout=settings.hang_timeout * (SANITIZED_SLOWDOWN if checks else 1),
        isolate=bool(settings.isolate),
        schedule=schedule,
        memory=settings.device_memory or default_device_memory(),
        orders=() if checks else further_orders(settings.schedule, settings.orders),
        order_seconds=MOST_ORDER_CPU_SECONDS if settings.orders == "auto" else None,
        checks=checks,
        core_memory=settings.core_memory or platform,
        records_dependencies=settings.records_dependencies,
        records_arguments=settings.records_arguments,
    )
