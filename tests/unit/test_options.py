from __future__ import annotations

import pytest

from pytest_a2a3sim.model.values import parse_seconds


@pytest.mark.parametrize(("text", "seconds"), [("1", 1.0), ("0.25", 0.25), ("1e3", 1000.0)])
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", ""])
def test_bad_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number of seconds above 0"):
        parse_seconds(text)
