from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from pytest_a2a3sim.building.store.cache import Cache, cache_directory, size_limit
from pytest_a2a3sim.building.store.manifest import Manifest
from pytest_a2a3sim.model.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


def test_directory_and_limit_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A2A3SIM_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("A2A3SIM_CACHE_SIZE", "3M")
    assert cache_directory() == tmp_path
    assert size_limit() == 3 << 20
    monkeypatch.setenv("A2A3SIM_CACHE_SIZE", "lots")
    with pytest.raises(SettingsError, match=r"A2A3SIM_CACHE_SIZE must be a size .*; got 'lots'"):
        size_limit()


def test_directory_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A2A3SIM_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_directory() == tmp_path / "pytest-a2a3sim"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "pytest-a2a3sim"


def test_who_has_no_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("A2A3SIM_CACHE_DIR", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987654)
    cache = Cache(cache_directory())
    cache.save_object(b"content")
    assert cache.take_note() is not None


def object_files(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.so"))


def test_object_round_trip(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.save_object(b"content")
    (file,) = object_files(tmp_path)
    assert cache.read_object(file.stem) == b"content"
    assert cache.read_object("0" * 64) is None
    assert (tmp_path / "CACHEDIR.TAG").is_file()


@pytest.mark.parametrize("damaged", [b"", b"conten", b"Content"])
def test_damaged_object_is_removed(tmp_path: Path, damaged: bytes) -> None:
    cache = Cache(tmp_path)
    cache.save_object(b"content")
    (file,) = object_files(tmp_path)
    file.write_bytes(damaged)
    assert cache.read_object(file.stem) is None
    assert object_files(tmp_path) == []


def test_eviction_takes_what_was_used_least_recently(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=2500)
    for i in range(4):
        cache.save_object(bytes([i]) * 1000)
        newest = max(object_files(tmp_path), key=lambda file: file.read_bytes())
        os.utime(newest, (1000 + i, 1000 + i))
    oldest = min(object_files(tmp_path), key=lambda file: file.read_bytes())
    cache.touch("no-manifest", oldest.stem)
    cache.close()
    assert sorted(file.read_bytes()[0] for file in object_files(tmp_path)) == [0, 3]


def test_nothing_is_evicted_below_the_limit(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit=2500)
    cache.save_object(b"1" * 1000)
    cache.save_object(b"2" * 1000)
    cache.close()
    assert len(object_files(tmp_path)) == 2


def test_leftovers_of_killed_processes_are_removed(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.save_object(b"content")
    old, new = tmp_path / "v2" / "tmp" / "1-old", tmp_path / "v2" / "tmp" / "2-new"
    old.write_bytes(b"half")
    new.write_bytes(b"half")
    os.utime(old, (0, 0))
    cache.close()
    assert not old.exists()
    assert new.exists()


def test_statistics_and_clear(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.save_object(b"content")
    cache.save_manifest("k" * 64, Manifest((("label", "value"),)))
    held = cache.statistics()
    assert held.kinds["objects"] == (1, 7)
    assert held.kinds["manifests"][0] == 1
    assert held.size == sum(size for _, size in held.kinds.values())
    assert cache.clear() == held
    assert cache.statistics().size == 0
    assert cache.manifest("k" * 64) is None
    cache.save_object(b"content")
    assert cache.statistics().kinds["objects"] == (1, 7)


def test_clear_removes_what_other_versions_kept(tmp_path: Path) -> None:
    other = tmp_path / "v1" / "objects"
    other.mkdir(parents=True)
    Cache(tmp_path).clear()
    assert not other.exists()


def most_inside(enter: Callable[[], AbstractContextManager[None]], threads: int) -> int:
    """How many threads were inside the context at once, at most."""
    inside = 0
    most = 0
    mutex = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(10):
            with enter():
                with mutex:
                    inside += 1
                    most = max(most, inside)
                threading.Event().wait(0)
                with mutex:
                    inside -= 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return most


def test_lock_excludes_other_threads(tmp_path: Path) -> None:
    assert most_inside(lambda: Cache(tmp_path).locks.lock("key"), threads=4) == 1


def test_slots_bound_the_number_inside(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    assert most_inside(lambda: cache.locks.cpu_slot(2), threads=4) <= 2
    with cache.locks.cpu_slot(2), cache.locks.cpu_slot(2):
        pass


def test_unusable_directory_is_noted_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = Cache(tmp_path / "file")
    assert cache.take_note() is None
    cache.save_object(b"content")
    with cache.locks.lock("key"), cache.locks.cpu_slot(1):
        cache.save_object(b"content")
    note = cache.take_note()
    assert note is not None
    assert f"the build cache in {tmp_path / 'file'} cannot be written" in note
    assert "A2A3SIM_CACHE_DIR" in note
    assert cache.take_note() is None
    assert cache.statistics().size == 0
