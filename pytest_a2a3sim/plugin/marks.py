"""The marks of a golden.py: which pytest applies to its cases, and what they say to us."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_a2a3sim.model.checks import checks_of_mark, in_order
from pytest_a2a3sim.model.errors import GoldenError, SettingsError

if TYPE_CHECKING:
    from pytest_a2a3sim.model.checks import Check
    from pytest_a2a3sim.model.spec import GoldenSpec

Mark: TypeAlias = pytest.Mark | pytest.MarkDecorator


def marks_of(golden: GoldenSpec) -> list[pytest.MarkDecorator]:
    """The marks in ``pytestmark``, for every case of the file.

    Raises:
        GoldenError: one is no mark.
    """
    value = getattr(golden.module, "pytestmark", ())
    marks = list(value) if isinstance(value, (list, tuple)) else [value]
    return [_checked(golden, mark) for mark in marks]


def checks_of(item: pytest.Item) -> tuple[Check, ...]:
    """What the marks of an item want to be looked for, whoever added them.

    Raises:
        SettingsError: one has arguments without a meaning.
    """
    marks = item.iter_markers("sim_sanitize")
    return in_order(check for mark in marks for check in _checks_of(item, mark))


def options_of(item: pytest.Item) -> dict[str, Any]:
    """What ``pytest.mark.sim`` says of an item; the closest one has the last word.

    Raises:
        SettingsError: one has arguments without names.
    """
    options: dict[str, Any] = {}
    for mark in item.iter_markers("sim"):
        if mark.args:
            raise SettingsError(
                "pytest.mark.sim takes options by name, as in sim(threads=1, schedule='fifo'); "
                f"got {mark.args!r}\n  of {item.nodeid}"
            )
        options = {**mark.kwargs, **options}
    return options


def _checks_of(item: pytest.Item, mark: pytest.Mark) -> tuple[Check, ...]:
    try:
        return checks_of_mark(mark.args, mark.kwargs)
    except ValueError as error:
        got = (*mark.args, *mark.kwargs.items())
        raise SettingsError(
            f"pytest.mark.sim_sanitize {error}; got {got!r}\n  of {item.nodeid}"
        ) from None


def _checked(golden: GoldenSpec, mark: object) -> pytest.MarkDecorator:
    if isinstance(mark, pytest.Mark):  # what a decorator holds
        mark = pytest.MarkDecorator(mark, _ispytest=True)
    if not isinstance(mark, pytest.MarkDecorator):
        raise GoldenError(
            "golden.py: pytestmark must be a mark or a list of marks, such as pytest.mark.slow; "
            f"got {mark!r} ({type(mark).__name__})\n  in {golden.path}"
        )
    return mark
