"""The store of compiled objects that every process of a user shares.

Layout, below a directory that :func:`cache_directory` names::

    objects/<2 digits>/<SHA-256 of the content>.so
    manifests/<2 digits>/<key>.json     see manifest.py
    sources/<2 digits>/<digest>         key of the latest manifest of a source
    compilers/<digest>.json             see toolchain.py
    compilers/<digest>.companion        see companions.py; preceded by its own SHA-256
    headers/<key>/                      precompiled headers
    goldens/<2 digits>/<key>            see goldens.py; preceded by its own SHA-256
    passes/<2 digits>/<case>/<digest>   see passes.py; likewise
    inputs/<2 digits>/<digest>          of passes; likewise
    runs/<2 digits>/<digest>            what the processes of a run share
    locks/  slots/  tmp/

Files appear by renaming complete ones. Nothing here raises because of the file system: what cannot
be read is a miss, what cannot be written is not kept, and the first such error is a note.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from pathlib import Path

from pytest_a2a3sim.building.store.cleanup import Statistics, clean_up, sizes
from pytest_a2a3sim.building.store.files import checked, persist, with_digest
from pytest_a2a3sim.building.store.locks import Locks
from pytest_a2a3sim.building.store.manifest import Manifest, read_manifest
from pytest_a2a3sim.building.store.trust import is_declared_shared, others_who_write, refusal
from pytest_a2a3sim.model.errors import SettingsError
from pytest_a2a3sim.model.values import parse_size

FORMAT = "2"
NAME = "pytest-a2a3sim"
DEFAULT_LIMIT = 2 << 30
DIRECTORY_VARIABLE = "A2A3SIM_CACHE_DIR"
LIMIT_VARIABLE = "A2A3SIM_CACHE_SIZE"

_NOWHERE = Path(os.devnull)  # below which nothing is found, and nothing can be made

_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n# Compiled kernels of pytest-a2a3sim; see "
    "`a2a3sim cache info`.\n"
)


def cache_directory() -> Path:
    """Where the cache is: ``A2A3SIM_CACHE_DIR``, or the user's cache directory by the XDG rules.

    https://specifications.freedesktop.org/basedir/latest/: a relative ``XDG_CACHE_HOME`` counts for
    nothing. Who has no home has no cache.
    """
    named = os.environ.get(DIRECTORY_VARIABLE, "").strip()
    if named:
        return Path(named).expanduser().absolute()
    caches = Path(os.environ.get("XDG_CACHE_HOME", "").strip())
    try:
        return (caches if caches.is_absolute() else Path("~/.cache").expanduser()) / NAME
    except RuntimeError:
        return _NOWHERE


def size_limit() -> int:
    """The limit that ``A2A3SIM_CACHE_SIZE`` sets, in bytes.

    Raises:
        SettingsError: it is no size.
    """
    text = os.environ.get(LIMIT_VARIABLE, "").strip()
    if not text:
        return DEFAULT_LIMIT
    try:
        return parse_size(text)
    except ValueError as error:
        raise SettingsError(f"{LIMIT_VARIABLE} {error}; got {text!r}") from None


class Cache:
    """One cache directory, which need not exist nor be writable.

    Nothing is taken from a directory that others may write to, and nothing is put there, unless its
    user trusts them: what it holds is code.

    Attributes:
        directory: where it is.
        limit: bytes that it may hold.
        is_shared: whether those who may write to it are trusted.
        refused: why it is not used, in words; empty where it is.
    """

    def __init__(
        self, directory: Path | None = None, limit: int | None = None, *, is_shared: bool = False
    ) -> None:
        self.directory = directory or cache_directory()
        self.limit = limit or size_limit()
        self.is_shared = is_shared or is_declared_shared()
        self.refused = "" if self.is_shared else others_who_write(self.directory)
        place = _NOWHERE if self.refused else self.directory
        self._root = place / f"v{FORMAT}"
        self._grew = False
        self._note: str | None = None
        self._noted = False
        self._mutex = threading.Lock()
        self.locks = Locks(self._root, self._make_directory, self._failed)

    def take_note(self) -> str | None:
        """The first error of the file system, once; None before and afterwards."""
        with self._mutex:
            note, self._note = self._note, None
        return note

    def _failed(self, error: BaseException) -> None:
        with self._mutex:
            if not self._noted:
                self._noted = True
                self._note = refusal(self.directory, self.refused) or (
                    f"the build cache in {self.directory} cannot be written: {error}\n"
                    "Kernels are compiled into a temporary directory and not kept. Make it "
                    f"writable, free space, or name another one in {DIRECTORY_VARIABLE}."
                )

    # manifests and objects

    def manifest(self, key: str) -> Manifest | None:
        """What is known for a key."""
        return read_manifest(self.path("manifests", key, ".json"))

    def save_manifest(self, key: str, manifest: Manifest) -> None:
        """Replaces what is known for a key."""
        self.write(self.path("manifests", key, ".json"), manifest.encode())

    def latest_key(self, source: str) -> str | None:
        """The key under which a source, named by a digest, was compiled last."""
        try:
            return self.path("sources", source, "").read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            return None

    def save_latest_key(self, source: str, key: str) -> None:
        """Records the key under which a source was compiled."""
        self.write(self.path("sources", source, ""), key.encode())

    def read_object(self, digest: str) -> bytes | None:
        """An object's bytes, which have that SHA-256; a damaged one is removed."""
        path = self.path("objects", digest, ".so")
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() == digest:
            return data
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def save_object(self, data: bytes) -> None:
        """Keeps an object."""
        self.write(self.path("objects", hashlib.sha256(data).hexdigest(), ".so"), data)
        self._grew = True

    def touch(self, key: str, digest: str) -> None:
        """Counts a manifest and its object as used now."""
        for path in (self.path("manifests", key, ".json"), self.path("objects", digest, ".so")):
            with contextlib.suppress(OSError):
                os.utime(path)

    def touch_header(self, key: str, digest: str) -> None:
        """Counts a precompiled header as used now."""
        self.touch(key, digest)
        with contextlib.suppress(OSError):
            for path in (self.header_directory(key) / digest).iterdir():
                os.utime(path)

    def compiler_file(self, name: str) -> Path:
        """The file that holds what was found out about a compiler."""
        return self._root / "compilers" / f"{name}.json"

    def save_compiler(self, name: str, data: bytes) -> None:
        """Keeps what was found out about a compiler."""
        self.write(self.compiler_file(name), data)

    def read_golden(self, key: str) -> bytes | None:
        """What is kept of expected outputs; a damaged file is removed."""
        path = self.path("goldens", key, "")
        content = checked(path)
        if content is None:
            with contextlib.suppress(OSError):
                path.unlink()
        return content

    def save_golden(self, key: str, data: bytes) -> bool:
        """Keeps expected outputs; says whether that worked."""
        self._grew = True
        return self.write(self.path("goldens", key, ""), with_digest(data))

    def touch_golden(self, key: str) -> None:
        """Counts expected outputs as used now."""
        with contextlib.suppress(OSError):
            os.utime(self.path("goldens", key, ""))

    def read_small(self, name: str) -> bytes | None:
        """Something small that no limit removes; None where there is no sound one."""
        return checked(self._root / "compilers" / name)

    def save_small(self, name: str, data: bytes) -> None:
        """Keeps it."""
        self.write(self._root / "compilers" / name, with_digest(data))

    def header_directory(self, key: str) -> Path:
        """The directory of a precompiled header."""
        return self._root / "headers" / key

    def save_header(self, key: str, digest: str, directory: Path) -> bool:
        """Keeps a copy of a precompiled header's directory; says whether that worked."""
        temporary = self._root / "tmp" / f"{os.getpid()}-{os.urandom(8).hex()}"
        target = self.header_directory(key) / digest
        try:
            self._make_directory(temporary.parent)
            shutil.copytree(directory, temporary)
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary.replace(target)
        except OSError as error:
            shutil.rmtree(temporary, ignore_errors=True)
            self._failed(error)
            return False
        self._grew = True
        return True

    def path(self, kind: str, name: str, suffix: str = "") -> Path:
        """Where something of a kind is, named by a digest."""
        return self._root / kind / name[:2] / f"{name}{suffix}"

    def write(self, path: Path, data: bytes) -> bool:
        """Puts a complete file in its place; says whether that worked."""
        temporary = self._root / "tmp" / f"{os.getpid()}-{os.urandom(8).hex()}"

        def put() -> None:
            self._make_directory(temporary.parent)
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            os.replace(temporary, path)  # noqa: PTH105 - on the same file system: atomic

        try:
            persist(put)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            self._failed(error)
            return False
        return True

    def _make_directory(self, directory: Path) -> None:
        if directory.is_dir():
            return
        directory.mkdir(parents=True, exist_ok=True)
        tag = self.directory / "CACHEDIR.TAG"
        if not tag.exists():
            tag.write_text(_TAG, encoding="ascii")

    def statistics(self) -> Statistics:
        """Counts what the cache holds."""
        return Statistics(self.directory, self.limit, sizes(self._root))

    def close(self) -> None:
        """Cleans up if this process has added something and the cache is above its limit."""
        if self._grew:
            self._grew = False
            clean_up(self._root, self.limit)

    def clear(self) -> Statistics:
        """Removes everything; returns what there was.

        Raises:
            SettingsError: something cannot be removed.
        """
        held = self.statistics()
        try:
            for root in self.directory.glob("v[0-9]*"):  # those of other versions too
                shutil.rmtree(root)
        except OSError as error:
            raise SettingsError(
                f"the build cache cannot be removed: {error}\n"
                "If another process is filling it, try again when that has ended."
            ) from None
        return held
