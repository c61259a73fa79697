"""The interval at which Python's lock changes hands, while compilers run and afterwards."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.building.switching import SWITCHING

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def usual() -> Iterator[float]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.004)
    yield sys.getswitchinterval()
    sys.setswitchinterval(before)


def test_it_is_short_until_the_last_one_is_done(usual: float) -> None:
    SWITCHING.hurry()
    SWITCHING.hurry()
    assert sys.getswitchinterval() < usual
    SWITCHING.relax()
    assert sys.getswitchinterval() < usual
    SWITCHING.relax()
    assert sys.getswitchinterval() == usual


def test_what_somebody_sets_meanwhile_stays() -> None:
    SWITCHING.hurry()
    sys.setswitchinterval(0.1)
    SWITCHING.relax()
    assert sys.getswitchinterval() == pytest.approx(0.1)


def test_what_somebody_puts_back_later_does_not(usual: float) -> None:
    SWITCHING.hurry()
    found = sys.getswitchinterval()
    sys.setswitchinterval(0.1)
    SWITCHING.relax()
    sys.setswitchinterval(found)
    SWITCHING.settle()
    assert sys.getswitchinterval() == usual
