"""Numbers with what they count, as reports show them."""

from __future__ import annotations

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"))


def duration(seconds: float) -> str:
    """``2.03 s``, ``6.9 ms``, ``0.8 us``."""
    size, unit = next((each for each in _UNITS if seconds >= each[0]), _UNITS[-1])
    return f"{seconds / size:.2f} s" if unit == "s" else f"{seconds / size:.1f} {unit}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """``1 case``, ``2 cases``, ``16,384 elements``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"
