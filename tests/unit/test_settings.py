from __future__ import annotations

import os

from pytest_a2a3sim.settings import Settings, usable_cpus


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
