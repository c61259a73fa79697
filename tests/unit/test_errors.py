"""The kinds of failure, and their documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

import pytest_a2a3sim
from pytest_a2a3sim import A2A3SimError, Mismatch, RunError
from pytest_a2a3sim.model.lines import WIDEST_HEADLINE, line

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = Path(__file__).parents[2] / "docs" / "errors.md"
KINDS = {
    "golden-error",
    "build-error",
    "orchestration-error",
    "graph-error",
    "kernel-fault",
    "kernel-exit",
    "kernel-exception",
    "kernel-hang",
    "out-of-memory",
    "corrupted-state",
    "unwritten-output",
    "mismatch",
}


def subclasses(error: type[A2A3SimError]) -> Iterator[type[A2A3SimError]]:
    for derived in error.__subclasses__():
        yield derived
        yield from subclasses(derived)


def test_every_kind_has_a_class_of_its_own() -> None:
    classes = [error for error in subclasses(A2A3SimError) if error is not RunError]
    kinds = [error.kind for error in classes]
    assert len(set(kinds)) == len(kinds)
    assert set(kinds) >= KINDS


def test_every_class_is_public() -> None:
    assert {error.__name__ for error in subclasses(A2A3SimError)} <= set(pytest_a2a3sim.__all__)


def test_every_kind_is_documented_with_its_class() -> None:
    sections = re.split(r"^## (.+)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    documented = dict(zip(sections[1::2], sections[2::2], strict=True))
    for error in subclasses(A2A3SimError):
        if error is not RunError:
            assert f"`{error.__name__}`" in documented[error.kind]


_WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=60)
_TEXTS = st.lists(st.tuples(_WORDS, st.sampled_from(" :;,")), min_size=1, max_size=40).map(
    lambda words: " ".join(word + pause.strip() for word, pause in words)
)


@given(st.lists(_TEXTS, min_size=1, max_size=3))
def test_headlines_are_short_and_lose_no_word(texts: list[str]) -> None:
    message = "\n".join(texts)
    error = A2A3SimError(message)
    mismatch = Mismatch(tuple(map(line, texts)), ())
    for text in (str(error), str(mismatch), "\n".join(map(str, mismatch.lines))):
        assert len(text.split("\n")[0]) <= WIDEST_HEADLINE
        assert re.sub(r"[\s:;,]", "", text) == re.sub(r"[\s:;,]", "", message)
    assert error.message == message


def test_a_long_path_has_the_line_below_the_headline() -> None:
    path = "/".join(["", *["directory"] * 12, "golden.py"])
    assert str(A2A3SimError(f"the report cannot be written to {path}\nName another.")) == (
        f"the report cannot be written to\n  {path}\nName another."
    )
