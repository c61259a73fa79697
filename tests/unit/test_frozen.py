"""Frozen values behave as those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.model.frozen import frozen


@frozen
class Ours:
    """Of both kinds, the fields are the same."""

    kind: ClassVar[str] = "value"
    x: int
    y: object = 7
    z: tuple[int, ...] = field(default_factory=tuple)
    hidden: int = field(default=0, repr=False, compare=False)


@dataclass(frozen=True)
class Theirs:
    """Of both kinds, the fields are the same."""

    kind: ClassVar[str] = "value"
    x: int
    y: object = 7
    z: tuple[int, ...] = field(default_factory=tuple)
    hidden: int = field(default=0, repr=False, compare=False)


VALUES = st.one_of(st.integers(-2, 2), st.text(max_size=2), st.none(), st.tuples(st.integers(0, 1)))
ARGUMENTS = st.tuples(
    st.lists(VALUES, max_size=5),
    st.dictionaries(st.sampled_from(["x", "y", "z", "hidden", "other"]), VALUES, max_size=5),
)


def made(cls: Any, arguments: tuple[list[Any], dict[str, Any]]) -> Any:
    """What a call makes, or TypeError."""
    try:
        return cls(*arguments[0], **arguments[1])
    except TypeError:
        return TypeError


def shown(value: Any) -> str:
    return repr(value).replace("Theirs", "Ours")


@given(ARGUMENTS, ARGUMENTS)
def test_both_kinds_are_alike(first: Any, second: Any) -> None:
    ours = [made(Ours, first), made(Ours, second)]
    theirs = [made(Theirs, first), made(Theirs, second)]
    assert [shown(value) for value in ours] == [shown(value) for value in theirs]
    assert (ours[0] == ours[1]) == (theirs[0] == theirs[1])
    for one, other in zip(ours, theirs, strict=True):
        if one is TypeError:
            continue
        assert hash(one) == hash(other)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        changed = dataclasses.replace(one, y="changed")
        assert shown(changed) == shown(dataclasses.replace(other, y="changed"))
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == one
        assert one != other


def test_values_are_frozen() -> None:
    value = Ours(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x' of Ours"):
        value.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x' of Ours"):
        del value.x


def test_the_call_is_known_to_tools() -> None:
    assert list(inspect.signature(Ours).parameters) == list(inspect.signature(Theirs).parameters)
    assert [each.name for each in dataclasses.fields(Ours)] == ["x", "y", "z", "hidden"]
    match Ours(1, 2):
        case Ours(x, y):
            assert (x, y) == (1, 2)


def test_a_field_without_default_does_not_follow_one_with_a_default() -> None:
    with pytest.raises(TypeError, match="Wrong: a field without a default follows one with"):

        @frozen
        class Wrong:
            x: int = 1
            y: int  # type: ignore[misc]  # that is what is tested
