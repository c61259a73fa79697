from __future__ import annotations

import os

import pytest

from pytest_a2a3sim.model.options import parse_size
from pytest_a2a3sim.model.settings import Settings, usable_cpus


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
