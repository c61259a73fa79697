from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_a2a3sim.building.store.fingerprint import Stamp
from pytest_a2a3sim.building.store.inputs import Dependency, Inputs
from pytest_a2a3sim.building.store.manifest import MAX_RESULTS, Manifest, ResultEntry, decode

names = st.text(max_size=8)
numbers = st.integers(0, 2**63)
inputs = st.builds(
    Inputs,
    files=st.lists(
        st.builds(Dependency, names, st.builds(Stamp, numbers, numbers, numbers, numbers), names),
        max_size=3,
    ).map(tuple),
    absent=st.dictionaries(names, st.lists(names, max_size=3).map(tuple), max_size=3),
    listings=st.lists(st.tuples(names, names), max_size=2).map(tuple),
    cpu=names,
)
entries = st.builds(
    ResultEntry,
    inputs=inputs,
    digest=names,
    symbols=st.lists(names, max_size=3).map(tuple),
    stored=st.floats(0, 1e10),
)
manifests = st.builds(
    Manifest,
    parts=st.lists(st.tuples(names, names), max_size=3).map(tuple),
    results=st.lists(entries, max_size=3).map(tuple),
    not_kept=names,
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


def entry(header_digest: str, digest: str) -> ResultEntry:
    header = Dependency("/x.h", Stamp(1, 2, 3, 4), header_digest)
    return ResultEntry(Inputs((header,)), digest, (), 0.0)


def test_newest_entry_of_the_same_inputs_wins() -> None:
    manifest = Manifest(()).with_result(entry("a", "1")).with_result(entry("b", "2"))
    assert [e.digest for e in manifest.results] == ["2", "1"]
    assert [e.digest for e in manifest.with_result(entry("a", "3")).results] == ["3", "2"]


def test_number_of_entries_is_bounded() -> None:
    manifest = Manifest(())
    for i in range(MAX_RESULTS + 3):
        manifest = manifest.with_result(entry(str(i), str(i)))
    assert len(manifest.results) == MAX_RESULTS
    assert manifest.results[0].digest == str(MAX_RESULTS + 2)
