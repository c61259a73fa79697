from __future__ import annotations

import pytest

from pytest_a2a3sim.options import parse_bytes, parse_seconds


@pytest.mark.parametrize(("text", "seconds"), [("1", 1.0), ("0.25", 0.25), ("1e3", 1000.0)])
def test_seconds(text: str, seconds: float) -> None:
    assert parse_seconds(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", ""])
def test_bad_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="must be a number of seconds above 0"):
        parse_seconds(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("64K", 1 << 16), ("512M", 1 << 29), (" 8g ", 1 << 33), ("2TiB", 1 << 41)],
)
def test_bytes(text: str, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("text", ["0", "0G", "-1", "1.5G", "8X", "G", "", "much"])
def test_bad_bytes(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number of bytes above 0"):
        parse_bytes(text)
