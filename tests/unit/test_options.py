from __future__ import annotations

import pytest

from pytest_a2a3sim.options import parse_seconds, parse_threads


@pytest.mark.parametrize(("text", "threads"), [("1", 1), ("72", 72), (" 4 ", 4)])
def test_threads(text: str, threads: int) -> None:
    assert parse_threads(text) == threads


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", "", "1e3"])
def test_bad_threads(text: str) -> None:
    with pytest.raises(ValueError, match="must be an int, at least 1"):
        parse_threads(text)


@pytest.mark.parametrize(("text", "seconds"), [("1", 1.0), ("0.25", 0.25), ("1e3", 1000.0)])
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", ""])
def test_bad_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number of seconds above 0"):
        parse_seconds(text)
