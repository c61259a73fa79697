"""What the sanitizer looks for, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Check = Literal["memcheck", "racecheck", "initcheck", "synccheck"]

CHECKS: tuple[Check, ...] = get_args(Check)


def parse_checks(text: str) -> tuple[Check, ...]:
    """``all``, or names of checks with commas between them, each once and in one order.

    Raises:
        ValueError: saying what is accepted.
    """
    names = [name.strip() for name in text.split(",")]
    if not set(names) <= {*CHECKS, "all"}:
        raise ValueError(f"must be all, or some of {', '.join(CHECKS)} with commas between them")
    return in_order(CHECKS if "all" in names else cast("list[Check]", names))


def checks_of_mark(args: Sequence[object], kwargs: Mapping[str, object]) -> tuple[Check, ...]:
    """What ``pytest.mark.sim_sanitize`` names: checks, or all without arguments.

    Raises:
        ValueError: saying what is accepted.
    """
    if kwargs or not all(isinstance(arg, str) for arg in args):
        raise ValueError(f"takes names of checks, such as {', '.join(map(repr, CHECKS))}")
    return in_order(check for arg in args or ("all",) for check in parse_checks(str(arg)))


def in_order(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks, each once and in one order."""
    wanted = set(checks)
    return tuple(check for check in CHECKS if check in wanted)
