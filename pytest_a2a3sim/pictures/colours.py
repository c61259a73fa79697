"""Colours of kernels and of times, the same in every picture."""

from __future__ import annotations

KERNELS = (
    "#8dd3c7",
    "#fdb462",
    "#b3cde3",
    "#fccde5",
    "#b3de69",
    "#ffed6f",
    "#bc80bd",
    "#fb8072",
    "#ccebc5",
    "#d9d9d9",
)
"""Light enough for dark text, in the order of func_ids; further kernels begin again."""

RACE = "#d62728"

_COOL, _HOT = (0xFF, 0xFF, 0xFF), (0xF0, 0x7C, 0x1E)


def of_kernels(func_ids: list[int]) -> dict[int, str]:
    """A colour for each of the kernels of a case."""
    ordered = sorted(func_ids)
    return {func_id: KERNELS[i % len(KERNELS)] for i, func_id in enumerate(ordered)}


def of_share(share: float) -> str:
    """From white for 0 to orange for 1."""
    mixed = (round(cool + share * (hot - cool)) for cool, hot in zip(_COOL, _HOT, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)
