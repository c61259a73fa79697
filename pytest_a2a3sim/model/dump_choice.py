"""The tasks of which somebody asks for what they found and left in their arguments."""

from __future__ import annotations

from pytest_a2a3sim.model.frozen import frozen


@frozen
class DumpChoice:
    """The tasks that are asked for.

    Attributes:
        everything: all of them.
        kernels: or those of these kernels,
        tasks: and those with these ids.
    """

    everything: bool = False
    kernels: tuple[str, ...] = ()
    tasks: tuple[int, ...] = ()


def parse_dump(text: str) -> DumpChoice | None:
    """Names of kernels and ids of tasks with commas between them, ``all``, or ``off``.

    Raises:
        ValueError: saying what is accepted.
    """
    words = [word.strip() for word in text.split(",")]
    if words == ["off"]:
        return None
    if words == ["all"]:
        return DumpChoice(everything=True)
    if not all(words) or {"all", "off"} & set(words):
        raise ValueError(
            "must be names of kernels and ids of tasks with commas between them, all, or off"
        )
    return DumpChoice(
        kernels=tuple(word for word in words if not word.isdecimal()),
        tasks=tuple(int(word) for word in words if word.isdecimal()),
    )
