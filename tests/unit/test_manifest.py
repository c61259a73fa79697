from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.building.fingerprint import Stamp
from pytest_a2a3sim.building.manifest import MAX_ENTRIES, Dependency, Entry, Manifest, decode

names = st.text(max_size=8)
numbers = st.integers(0, 2**63)
entries = st.builds(
    Entry,
    dependencies=st.lists(
        st.builds(Dependency, names, st.builds(Stamp, numbers, numbers, numbers, numbers), names),
        max_size=3,
    ).map(tuple),
    absent=st.dictionaries(names, st.lists(names, max_size=3).map(tuple), max_size=3),
    digest=names,
    symbols=st.lists(names, max_size=3).map(tuple),
    stored=st.floats(0, 1e10),
)
manifests = st.builds(
    Manifest,
    parts=st.lists(st.tuples(names, names), max_size=3).map(tuple),
    entries=st.lists(entries, max_size=3).map(tuple),
)


@given(manifests)
def test_round_trip(manifest: Manifest) -> None:
    assert decode(manifest.encode()) == manifest


@given(manifests, st.data())
def test_flipped_bit_is_noticed(manifest: Manifest, data: st.DataObject) -> None:
    encoded = bytearray(manifest.encode())
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= 1 << data.draw(st.integers(0, 7))
    assert decode(bytes(encoded)) is None


@given(manifests, st.data())
def test_truncation_is_noticed(manifest: Manifest, data: st.DataObject) -> None:
    encoded = manifest.encode()
    assert decode(encoded[: data.draw(st.integers(0, len(encoded) - 1))]) is None


def entry(header_digest: str, digest: str) -> Entry:
    header = Dependency("/x.h", Stamp(1, 2, 3, 4), header_digest)
    return Entry((header,), {}, digest, (), 0.0)


def test_newest_entry_of_the_same_headers_wins() -> None:
    manifest = Manifest(()).with_entry(entry("a", "1")).with_entry(entry("b", "2"))
    assert [e.digest for e in manifest.entries] == ["2", "1"]
    assert [e.digest for e in manifest.with_entry(entry("a", "3")).entries] == ["3", "2"]


def test_number_of_entries_is_bounded() -> None:
    manifest = Manifest(())
    for i in range(MAX_ENTRIES + 3):
        manifest = manifest.with_entry(entry(str(i), str(i)))
    assert len(manifest.entries) == MAX_ENTRIES
    assert manifest.entries[0].digest == str(MAX_ENTRIES + 2)
