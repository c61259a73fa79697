from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.building.store.fingerprint import Digests, Glance, Stamp, digest_of_parts

if TYPE_CHECKING:
    from pathlib import Path

parts = st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)), max_size=4).map(tuple)


@given(parts, parts)
def test_different_parts_have_different_digests(
    some: tuple[tuple[str, str], ...], others: tuple[tuple[str, str], ...]
) -> None:
    assert (digest_of_parts(some) == digest_of_parts(others)) == (some == others)


def test_parts_are_delimited() -> None:
    assert digest_of_parts((("flag", "-I -O2"),)) != digest_of_parts(
        (("flag", "-I"), ("flag", "-O2"))
    )
    assert digest_of_parts((("a", "bc"),)) != digest_of_parts((("ab", "c"),))


def test_parts_may_hold_undecodable_names() -> None:
    assert digest_of_parts((("source path", os.fsdecode(b"\xff")),))


def test_digest_follows_the_content(tmp_path: Path) -> None:
    digests = Digests()
    path = tmp_path / "x.h"
    assert digests.of(str(path)) is None
    path.write_text("1")
    first = digests.of(str(path))
    path.write_text("2")
    second = digests.of(str(path))
    assert first is not None
    assert second is not None
    assert first[1] != second[1]


def test_same_size_and_modification_time_do_not_hide_a_change(tmp_path: Path) -> None:
    digests = Digests()
    path = tmp_path / "x.h"
    path.write_text("1")
    os.utime(path, ns=(0, 0))
    first = digests.of(str(path))
    path.write_text("2")
    os.utime(path, ns=(0, 0))
    second = digests.of(str(path))
    assert first is not None
    assert second is not None
    assert first[1] != second[1]


def test_file_is_settled_only_well_after_its_change(tmp_path: Path) -> None:
    path = tmp_path / "x.h"
    path.write_text("1")
    stamp = Stamp.of(str(path))
    assert stamp is not None
    assert not stamp.is_settled(stamp.ctime_ns)
    assert not stamp.is_settled(stamp.ctime_ns + 1_000_000)
    assert stamp.is_settled(stamp.ctime_ns + 1_000_000_000)


def test_glance_keeps_what_it_saw(tmp_path: Path) -> None:
    glance = Glance()
    path = tmp_path / "x.h"
    assert glance.stamps[str(path)] is None
    assert glance.names(str(tmp_path)) == frozenset()
    path.write_text("1")
    assert glance.stamps[str(path)] is None
    assert glance.names(str(tmp_path)) == frozenset()
    assert Glance().names(str(tmp_path)) == {"x.h"}
    assert Glance().names(str(tmp_path / "absent")) == frozenset()
