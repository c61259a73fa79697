from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_a2a3sim import Schedule, SettingsError
from pytest_a2a3sim.model.settings import Settings, usable_cpus
from pytest_a2a3sim.model.values import parse_size

if TYPE_CHECKING:
    from pytest_a2a3sim.model.checks import Check


def test_usable_cpus_follow_the_affinity() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert 1 <= usable_cpus() <= len(before)


def test_settings_are_data() -> None:
    assert Settings(threads=2) == Settings(threads=2)
    assert hash(Settings()) == hash(Settings())


def test_settings_take_text() -> None:
    """Type checkers take it, too: they check this file."""
    settings = Settings(
        threads="cores",
        hang_timeout="2.5",
        timeout="60",
        device_memory="8G",
        schedule="before:7,3",
        orders="off",
        sanitize="racecheck, memcheck",
        core_memory="a5",
        cache_limit="500M",
    )
    assert settings == Settings(
        threads="cores",
        hang_timeout=2.5,
        timeout=60.0,
        device_memory=8 << 30,
        schedule=Schedule.before(7, 3),
        orders=0,
        sanitize=("memcheck", "racecheck"),
        core_memory="a5",
        cache_limit=500 << 20,
    )
    order: Schedule = settings.schedule
    checks: tuple[Check, ...] = settings.sanitize
    assert (order.tasks, checks) == ((7, 3), ("memcheck", "racecheck"))
    assert replace(settings, schedule="fifo").schedule == Schedule("fifo")
    assert Settings().schedule is Settings.schedule


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("schedule", "fife", "must be fifo, lifo, .* or before:TASK,TASK; got 'fife'"),
        ("schedule", 3, "must be fifo, .*; got 3"),
        ("threads", 0, "must be an int, at least 1, or 'cores'; got 0"),
        ("threads", "many", "must be an int, at least 1, or 'cores'; got 'many'"),
        ("orders", "some", "must be auto, off or a number of orders; got 'some'"),
        ("sanitize", "races", "must be all, or some of memcheck, .*; got 'races'"),
        ("sanitize", ("races",), r"must be all, or some of memcheck, .*; got \('races',\)"),
        ("core_memory", "a9", "must be one of a2a3, a5, generous; got 'a9'"),
        ("device_memory", -1, "must be a size above 0, such as 500M or 2G; got -1"),
        ("hang_timeout", None, "must be a number of seconds above 0; got None"),
        ("timeout", "soon", "must be a number of seconds above 0; got 'soon'"),
    ],
)
def test_settings_without_a_meaning(name: str, value: Any, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings(**{name: value})
    assert re.fullmatch(rf"Settings\.{name} {message}", caught.value.message)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("1073741824", 1 << 30),
        ("500M", 500 << 20),
        ("2G", 2 << 30),
        ("1.5 GiB", 3 << 29),
        ("64kb", 64 << 10),
    ],
)
def test_size(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1G", "G", "many", "2X", "0.0001"])
def test_size_without_a_meaning(text: str) -> None:
    with pytest.raises(ValueError, match="must be a size above 0, such as 500M or 2G"):
        parse_size(text)
