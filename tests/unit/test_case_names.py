from __future__ import annotations

import dataclasses
import enum
import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.loading.case_names import case_names, keywords


class Shape:
    def method(self) -> None: ...


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError


@dataclasses.dataclass
class Config:
    shape: Any


class Mode(enum.Enum):
    FAST = 1


@pytest.mark.parametrize(
    ("params", "name"),
    [
        ({}, "default"),
        ({"name": "small"}, "small"),
        ({"name": "two words"}, "two_words"),
        ({"name": "a::b"}, "a:b"),
        ({"name": "größe"}, "gr\\xf6\\xdfe"),
        ({"name": ""}, "unnamed"),
        ({"name": 7}, "7"),
        ({"batch": 2, "heads": 16}, "batch=2-heads=16"),
        ({"scale": 0.5, "causal": True, "mask": None}, "scale=0.5-causal=True-mask=None"),
        ({"shape": [2, 3]}, "shape=2,3"),
        ({"dtype": float}, "dtype=float"),
        ({"text": "x" * 50}, "text=" + "x" * 40 + "..."),
        ({"empty": ""}, "empty=..."),
        # Neither addresses nor the order of a set differ from process to process.
        ({"s": Shape()}, "s=Shape"),
        ({"s": [Shape(), Shape]}, "s=Shape,Shape"),
        ({"name": Shape()}, "Shape"),
        ({"f": Shape.method}, "f=method"),
        ({"f": Shape().method}, "f=method"),
        ({"f": functools.partial(int)}, "f=functools.partial(<class_'int'>)"),
        ({"f": functools.partial(Shape().method)}, "f=partial"),
        ({"k": {"b", "a", "c"}}, "k=a,b,c"),
        ({"k": frozenset({10, 9})}, "k=10,9"),
        ({"k": {"a": {"y", "x"}, "b": [Shape()]}}, "k={'a':_{'x',_'y'},_'b':_[Shape]}"),
        ({"k": {"a": 1, "b": (2, ("c",))}}, "k={'a':_1,_'b':_(2,_('c',))}"),
        ({"c": Config(3)}, "c=Config(shape=3)"),
        ({"c": Config(Shape())}, "c=Config"),
        ({"m": Mode.FAST}, "m=Mode.FAST"),
        ({"u": Unprintable()}, "u=Unprintable"),
        (
            {"n": 0x7F00_0000_0000, "text": "0x7f0000000000"},
            "n=139637976727552-text=0x7f0000000000",
        ),
    ],
)
def test_name(params: dict[str, Any], name: str) -> None:
    assert case_names([params]) == [name]


def test_repeated_names_are_numbered() -> None:
    assert case_names([{"n": 1}, {"name": "x"}, {"n": 1}, {"n": 2}]) == [
        "n=1-1",
        "x",
        "n=1-2",
        "n=2",
    ]


def test_a_number_never_makes_another_name_twice() -> None:
    names = case_names([{"name": "a"}, {"name": "a"}, {"name": "a-1"}])
    assert names == ["a-2", "a-3", "a-1"]


@given(st.lists(st.dictionaries(st.sampled_from(["name", "n", "m"]), st.text(max_size=4))))
def test_names_are_unique_and_fit_a_node_id(params_list: list[dict[str, str]]) -> None:
    names = case_names(params_list)
    assert len(set(names)) == len(params_list)
    for name in names:
        assert name
        assert name.isascii()
        assert "::" not in name
        assert not any(character.isspace() for character in name)


def test_keywords_avoid_the_equals_sign() -> None:
    assert keywords({"name": "x", "batch": 2, "shape": (1, 2)}) == ["batch:2", "shape:1,2"]
