"""The kinds of failure, and their documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest_a2a3sim
from pytest_a2a3sim import A2A3SimError, RunError

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
