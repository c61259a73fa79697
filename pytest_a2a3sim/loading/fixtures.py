"""pytest's fixtures that the functions of a golden.py ask for by name."""

from __future__ import annotations

import functools
import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.model.errors import GoldenError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pytest_a2a3sim.model.spec import GoldenSpec

ARGUMENTS = {"generate_inputs": 1, "compute_golden": 2, "compare_outputs": 3}
"""How many arguments each function gets in any case; those after them are fixtures."""


def asked_by(functions: Mapping[str, Callable[..., Any] | None]) -> dict[str, tuple[str, ...]]:
    """Names of fixtures by function: arguments after its own, without defaults."""
    found = {
        name: _asked(function, ARGUMENTS[name])
        for name, function in functions.items()
        if function is not None
    }
    return {name: names for name, names in found.items() if names}


def _asked(function: Callable[..., Any], own: int) -> tuple[str, ...]:
    try:
        parameters = list(inspect.signature(function).parameters.values())[own:]
    except (TypeError, ValueError):  # of a builtin or the like: nothing is known
        return ()
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return tuple(
        each.name for each in parameters if each.kind in named and each.default is each.empty
    )


def bound(golden: GoldenSpec, values: Mapping[str, Any]) -> GoldenSpec:
    """The directory whose functions get the values of the fixtures that they ask for."""
    functions: dict[str, Any] = {
        name: functools.partial(
            getattr(golden, name), **{fixture: values[fixture] for fixture in fixtures}
        )
        for name, fixtures in golden.fixtures.items()
    }
    return replace(golden, fixtures={}, **functions) if functions else golden


def check_bound(golden: GoldenSpec) -> None:
    """Checks that nothing asks for fixtures any more.

    Raises:
        GoldenError: without pytest there are none.
    """
    for name, fixtures in golden.fixtures.items():
        raise GoldenError(
            f"golden.py: {name} asks for {', '.join(map(repr, fixtures))}: fixtures, which only "
            f"pytest has; run `pytest {golden.path}`, or give the argument a default"
            f"\n  in {golden.path}"
        )
