"""The chips that are simulated, and what each of them has."""

from __future__ import annotations

from typing import Literal, get_args

from pytest_a2a3sim.model.frozen import frozen

Platform = Literal["a2a3", "a5"]
CoreMemory = Literal["a2a3", "a5", "generous"]

CORE_MEMORIES: tuple[CoreMemory, ...] = get_args(CoreMemory)


@frozen
class Chip:
    """What a chip has.

    Attributes:
        blocks: most blocks, each of an AIC core and two AIV cores.
        aicpu_threads: most threads of its AICPU.
        default_aicpu_threads: ... where a directory leaves their number to the chip.
    """

    blocks: int
    aicpu_threads: int
    default_aicpu_threads: int


CHIPS: dict[Platform, Chip] = {
    "a2a3": Chip(blocks=24, aicpu_threads=4, default_aicpu_threads=4),
    "a5": Chip(blocks=36, aicpu_threads=7, default_aicpu_threads=5),
}


def parse_platform(text: str) -> Platform:
    """A chip by its name, with or without the ``sim`` of the PTO runtime's platforms.

    Raises:
        ValueError: saying what is accepted.
    """
    name = text.removesuffix("sim")
    if name not in CHIPS:
        raise ValueError(f"must be one of {', '.join(CHIPS)}")
    return name


def parse_core_memory(text: str) -> CoreMemory:
    """The chip of which a core's memories are.

    Raises:
        ValueError: saying what is accepted.
    """
    for memory in CORE_MEMORIES:
        if text == memory:
            return memory
    raise ValueError(f"must be one of {', '.join(CORE_MEMORIES)}")
