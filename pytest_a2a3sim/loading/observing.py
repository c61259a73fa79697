"""What a function of a golden.py reads while it runs: files, directories, the environment.

Python tells of files that are opened and of much else by audit events (PEP 578). Nothing tells of
files that are only asked about, of the environment, and of numbers drawn without a seed: the
functions through which all of that goes are replaced as long as somebody observes. What a library
does while it is imported does not count.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
import importlib.util
import os
import pathlib
import random
import sys
import threading
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_a2a3sim.loading.libraries import is_library_file
from pytest_a2a3sim.loading.state import UntrackedError, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STATE = threading.local()
_LOCK = threading.RLock()  # functions are replaced for one observer at a time
_UNTRACKED = {
    "ctypes.dlopen": "loads native code",
    "sqlite3.connect": "opens a database",
    **dict.fromkeys(
        ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty"),
        "starts a process",
    ),
    **dict.fromkeys(
        ("socket.connect", "socket.getaddrinfo", "socket.bind", "urllib.Request"),
        "uses the network",
    ),
    **dict.fromkeys(
        (
            *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.link", "os.symlink"),
            *("os.truncate", "shutil.copyfile", "shutil.move", "shutil.rmtree"),
        ),
        "changes files",
    ),
}
_LISTINGS = {"os.listdir", "os.scandir"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC
_RANDOM = "draws random numbers without a seed of their own"
_IMPORTING = "_find_and_load"


def _is_byte_code(arguments: tuple[Any, ...]) -> bool:
    """Whether it is about what Python keeps of a module that it has compiled."""
    return bool(arguments) and isinstance(arguments[0], str) and "__pycache__" in arguments[0]


class Observer:
    """Notes what the code of a thread uses.

    Attributes:
        files: absolute paths that were opened or asked about.
        directories: of which the names were read.
        variables: of the environment, with their values.
        imported: names of modules.
        untracked: what was done of which nothing can be known, in words; usually nothing.
    """

    def __init__(self) -> None:
        self.files: dict[str, None] = {}
        self.directories: dict[str, None] = {}
        self.variables: dict[str, str | None] = {}
        self.imported: dict[str, None] = {}
        self.untracked: dict[str, None] = {}

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Observes the calling thread."""
        _listen()
        before = _random_states()
        with _LOCK, _replaced():
            _STATE.observer = self
            try:
                yield
            finally:
                _STATE.observer = None
        after = _random_states()
        if any(after[name] != state for name, state in before.items()):
            self.untracked["draws from, or seeds, random numbers that all code shares"] = None

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Takes in an audit event."""
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, (str, bytes)) and _is_users_doing():
                self._opened(os.fsdecode(path), mode, flags)
        elif event in _LISTINGS:
            if _is_users_doing() and not isinstance(arguments[0], int):
                self.directories[_absolute(arguments[0] or ".")] = None
        elif event in _UNTRACKED and _is_users_doing() and not _is_byte_code(arguments):
            self.untracked[_UNTRACKED[event]] = None

    def _opened(self, path: str, mode: str | None, flags: int) -> None:
        path = _absolute(path)
        writes = set(mode) & set("wax+") if isinstance(mode, str) else flags & _WRITING
        if writes and _is_byte_code((path,)):
            return
        if writes:
            self.untracked["writes files"] = None
        elif path.endswith(".pyc"):
            with contextlib.suppress(ValueError):
                self.files[importlib.util.source_from_cache(path)] = None
        else:
            self.files[path] = None

    def told_apart(self) -> tuple[list[str], list[str]]:
        """Paths of files that are there, and of those that are not.

        Raises:
            UntrackedError: the code did what cannot be tracked.
        """
        if self.untracked:
            raise UntrackedError(f"compute_golden {', and '.join(self.untracked)}")
        found, absent = [], []
        for name in self.files:
            path = Path(name)
            if path.is_file():
                found.append(name)
            elif not path.exists():
                absent.append(name)
            elif not path.is_dir():
                raise UntrackedError(f"compute_golden reads {name}, which is not a file")
        return found, absent


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are not followed


def _is_users_doing() -> bool:
    """Whether the user's code caused what happens now, rather than a library's import."""
    frame = sys._getframe(2)  # noqa: SLF001 - the one way
    while frame is not None:
        code = frame.f_code
        if code.co_name == _IMPORTING:
            return False
        if not is_library_file(code.co_filename):
            return True
        frame = frame.f_back  # type: ignore[assignment]  # None at the end
    return False


@functools.cache
def _listen() -> None:
    """From now on the process's audit events reach the observer of the thread that causes them."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    observer = getattr(_STATE, "observer", None)
    if observer is not None:
        _STATE.observer = None  # what it does itself is not observed
        try:
            observer.heard(event, arguments)
        finally:
            _STATE.observer = observer


@contextlib.contextmanager
def _replaced() -> Iterator[None]:
    """Has the functions that no audit event tells of tell the thread's observer."""
    places: list[tuple[Any, str, Callable[..., None]]] = [
        (os, "stat", _asked),
        (os, "access", _asked),
        (os, "urandom", _drawn),
        (random, "_urandom", _drawn),
        (random.Random, "seed", _seeded),
        (type(os.environ), "__getitem__", _read),
        (importlib._bootstrap, "_gcd_import", _imported),  # noqa: SLF001 - what import_module calls
        (builtins, "__import__", _imported),
        (threading.Thread, "start", _started),
    ]
    if accessor := getattr(pathlib, "_NormalAccessor", None):  # Python 3.10
        places.append((accessor, "stat", _asked))
    originals = [owner.__dict__[name] for owner, name, _ in places]
    for (owner, name, tell), original in zip(places, originals, strict=True):
        telling = _telling(original, tell)
        is_unbound = isinstance(owner, type) and isinstance(original, types.BuiltinFunctionType)
        setattr(owner, name, staticmethod(telling) if is_unbound else telling)
    try:
        yield
    finally:
        for (owner, name, _), original in zip(places, originals, strict=True):
            setattr(owner, name, original)


def _telling(function: Any, tell: Callable[..., None]) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        observer = getattr(_STATE, "observer", None)
        if observer is not None and _is_users_doing():
            _STATE.observer = None
            try:
                tell(observer, *args, **kwargs)
            finally:
                _STATE.observer = observer
        return function(*args, **kwargs)

    return call


def _asked(observer: Observer, path: Any = ".", *_: Any, **__: Any) -> None:
    if not isinstance(path, int):
        observer.files[_absolute(path)] = None


def _imported(observer: Observer, name: str, *_: Any, **__: Any) -> None:
    observer.imported[name] = None


def _started(observer: Observer, *_: Any) -> None:
    observer.untracked["starts a thread"] = None


def _drawn(observer: Observer, *_: Any) -> None:
    observer.untracked[_RANDOM] = None


def _seeded(observer: Observer, _: random.Random, seed: Any = None, *__: Any, **___: Any) -> None:
    if seed is None:
        observer.untracked[_RANDOM] = None


def _read(observer: Observer, _: object, name: Any) -> None:
    with contextlib.suppress(TypeError, ValueError):
        text = os.fsdecode(name)
        observer.variables[text] = os.environ.get(text)


def _random_states() -> dict[str, str]:
    """Digests of the states of the random numbers that all code shares, by library."""
    import numpy as np  # noqa: PLC0415 - not needed at start

    states = {"random": random.getstate(), "numpy": np.random.get_state()}  # noqa: NPY002 - goldens use it
    if (torch := sys.modules.get("torch")) is not None:
        states["torch"] = torch.random.get_rng_state()
    return {name: digest_of(name, state) for name, state in states.items()}
