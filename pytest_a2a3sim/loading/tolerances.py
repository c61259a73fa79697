"""RTOL, ATOL, EQUAL_NAN and MISMATCH_BUDGET of a golden.py -> Tolerances."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_a2a3sim.model.errors import GoldenError
from pytest_a2a3sim.model.tolerance import BudgetSpec, Tolerances

if TYPE_CHECKING:
    from pytest_a2a3sim.model.spec import CaseSpec, GoldenSpec
    from pytest_a2a3sim.model.tensor import Tensor

T = TypeVar("T")

_LIMITS = {"share", "rtol", "atol"}


def read_tolerances(module: object) -> Tolerances:
    """Reads what a module, or a class of a scene test, says about tolerances.

    Raises:
        GoldenError: a value has no meaning; it says which, and nothing about the file.
    """

    def read(name: str, check: Callable[[str, object], T]) -> T | Mapping[str, T] | None:
        value = getattr(module, name, None)
        if value is None:
            return None
        if isinstance(value, Mapping) and not (check is _budget and _is_one_budget(value)):
            return {str(key): check(f"{name}[{key!r}]", each) for key, each in value.items()}
        return check(name, value)

    equal_nan = read("EQUAL_NAN", _flag)
    return Tolerances(
        rtol=read("RTOL", _number),
        atol=read("ATOL", _number),
        equal_nan=True if equal_nan is None else equal_nan,
        budget=read("MISMATCH_BUDGET", _budget),
    )


def check_names(golden: GoldenSpec, case: CaseSpec, names: Iterable[str]) -> None:
    """Checks that what is said by name is about tensors or intermediates that there are.

    Raises:
        GoldenError: it is not.
    """
    tolerances = golden.tolerances
    said = {
        "RTOL": tolerances.rtol,
        "ATOL": tolerances.atol,
        "EQUAL_NAN": tolerances.equal_nan,
        "MISMATCH_BUDGET": tolerances.budget,
    }
    known = list(names)
    for label, value in said.items():
        by_name = value if isinstance(value, Mapping) else ()
        if unknown := [name for name in by_name if name not in known]:
            raise GoldenError(
                f"golden.py: case {case.name!r}: {label} names {_quoted(unknown)}, which is not "
                f"among the tensors: {_quoted(known)}\n  in {golden.path}"
            )


def check_budgets(tolerances: Tolerances, tensors: Mapping[str, Tensor]) -> None:
    """Checks that each budget that is said by name has an effect.

    Raises:
        GoldenError: it has not.
    """
    budgets: Any = tolerances.budget
    for name in budgets if isinstance(budgets, Mapping) else ():
        if name not in tensors:
            continue
        dtype = tensors[name].dtype
        budget = tolerances.of(name, dtype).budget
        if budget is not None and (dtype == "bool" or budget.rtol == budget.atol == 0):
            reason = "bools have no size of error" if dtype == "bool" else "its tolerance is 0"
            raise GoldenError(
                f"MISMATCH_BUDGET[{name!r}] allows nothing: {reason}; say how far elements may be "
                f"off at most, as in {{{name!r}: {{'share': {budget.share:g}, 'atol': 1}}}}, of a "
                "tensor of numbers"
            )


def _is_one_budget(value: Mapping[Any, Any]) -> bool:
    return "share" in value and set(value) <= _LIMITS and not isinstance(value["share"], Mapping)


def _flag(name: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise _wrong(name, "must be True or False", value)
    return value


def _number(name: str, value: object) -> float:
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = math.nan
    if not (math.isfinite(number) and number >= 0):
        raise _wrong(name, "must be a number, at least 0", value)
    return number


def _budget(name: str, value: object) -> BudgetSpec:
    parts = value if isinstance(value, Mapping) else {"share": value}
    if "share" not in parts or not set(parts) <= _LIMITS:
        raise _wrong(
            name, "must be a share of the elements, or a dict of 'share', 'rtol', 'atol'", value
        )
    share = _number(f"{name}, its share,", parts["share"])
    if not 0 < share < 1:
        raise _wrong(name, "must be a share of the elements, above 0 and below 1", share)
    limits = {key: _number(f"{name}[{key!r}]", parts[key]) for key in parts if key != "share"}
    return BudgetSpec(share, **limits)


def _wrong(name: str, problem: str, got: object) -> GoldenError:
    return GoldenError(f"{name} {problem}; got {got!r} ({type(got).__name__})")


def _quoted(names: object) -> str:
    return ", ".join(repr(name) for name in names)  # type: ignore[attr-defined]
